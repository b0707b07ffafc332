"""Prints the wide-band PESQ (ITU-T P.862.2) of each pair of recordings: 16-bit PCM, mono, 16 kHz.

    python3 speech-quality.py ORIGINAL COPY [ORIGINAL COPY]...
"""

import sys

import numpy
from pesq import pesq

originals, copies = sys.argv[1::2], sys.argv[2::2]
for pair in zip(originals, copies):
    print(pesq(16000, *(numpy.fromfile(file, dtype="<i2") for file in pair), "wb"))
