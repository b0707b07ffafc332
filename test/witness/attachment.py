"""Encrypts or decrypts an attachment with matrix-nio's code, to compare Sotto's with.

    attachment.py encrypt CLEAR CIPHERTEXT          prints the EncryptedFile, without its url
    attachment.py decrypt CIPHERTEXT CLEAR < FILE   takes the EncryptedFile from standard input
"""

import json
import sys

from nio.crypto.attachments import decrypt_attachment, encrypt_attachment

action, source, target = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()

if action == "encrypt":
    data, encrypted_file = encrypt_attachment(data)
    print(json.dumps(encrypted_file))
elif action == "decrypt":
    keys = json.load(sys.stdin)
    data = decrypt_attachment(data, keys["key"]["k"], keys["hashes"]["sha256"], keys["iv"])
else:
    sys.exit(__doc__)

with open(target, "wb") as file:
    file.write(data)
