"""Runs a program on a terminal of its own: terminal.py COLUMNS[,COLUMNS] PROGRAM ARGUMENT...

Prints a line of JSON for each piece of output: the seconds since the start, and the text. After the
first piece the terminal gets its second width. Exits as the program does.
"""
import fcntl
import json
import os
import pty
import struct
import sys
import termios
import time

widths = [int(width) for width in sys.argv[1].split(",")]


def resize(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


master, slave = pty.openpty()
resize(slave, widths[0])
start = time.monotonic()
process = os.fork()
if process == 0:
    os.close(master)
    for descriptor in range(3):
        os.dup2(slave, descriptor)
    os.execv(sys.argv[2], sys.argv[2:])
os.close(slave)
while True:
    try:
        octets = os.read(master, 65536)
    except OSError:
        break
    if not octets:
        break
    print(json.dumps([time.monotonic() - start, octets.decode()]), flush=True)
    if len(widths) > 1:
        resize(master, widths.pop())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
