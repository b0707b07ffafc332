"""Writes attachments.json: attachments as matrix-nio encrypts them.

    python3 -m venv venv && venv/bin/pip install matrix-nio==0.26.0
    venv/bin/python make-attachments.py > attachments.json

Keys and IVs are random, so that a second run writes other vectors.
"""

import base64
import json

from nio.crypto.attachments import encrypt_attachment

LENGTHS = [0, 1, 15, 16, 17, 255, 4096]


def vector(length):
    plaintext = bytes((index * 7 + length) % 256 for index in range(length))
    ciphertext, file = encrypt_attachment(plaintext)
    return {
        "plaintext": base64.b64encode(plaintext).decode(),
        "ciphertext": base64.b64encode(ciphertext).decode(),
        "file": {**file, "url": "mxc://example.org/vector"},
    }


print(json.dumps([vector(length) for length in LENGTHS], indent=2))
