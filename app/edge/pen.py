"""Draws: specifications come in, SVG goes out, each with its length before it. A process of its own runs this file.

So nothing waits for a drawing, which holds Python's lock from beginning to end, and one that hangs can be ended.
"""

import sys
from importlib import import_module
from struct import Struct
from typing import BinaryIO

LENGTH = Struct(">cI")
"""What stands before each: whether it is as asked for, and how many bytes follow."""
DRAWN, FAILED = b"+", b"-"


def main(given: BinaryIO, told: BinaryIO) -> None:
    """Answer until nobody asks any more."""
    vl_convert = import_module("vl_convert")  # an extra, and a large one
    while head := given.read(LENGTH.size):
        specification = given.read(LENGTH.unpack(head)[1]).decode()
        try:
            # no addresses: whatever a specification named, nothing would be fetched
            answer = DRAWN, vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
        except Exception as error:  # noqa: BLE001 - whatever it is, the next one may be drawn
            answer = FAILED, str(error)
        data = answer[1].encode()
        told.write(LENGTH.pack(answer[0], len(data)) + data)
        told.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
