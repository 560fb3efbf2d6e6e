"""Files with many exact records `rN.vanillax.me`, each with the address BASE + N."""

import os

ZONE = "vanillax.me"
# A reload changes every address, so that the first new answer shows that it is over.
BASE, NEW_BASE = 10, 11

SHAPES = {
    "master file": "r{n} A {address}\n",
    "YAML": "r{n}: {address}\n",
    "hosts": "{address} r{n}.vanillax.me\n",
    "unbound": 'local-data: "r{n}.vanillax.me. A {address}"\n',
    "smartdns": "address /r{n}.vanillax.me/{address}\n",
}


def address(base, number):
    return f"{base}.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def write(path, shape, count, base, head=""):
    """Writes `head` and `count` records to the file; whoever reads it has the old or the new one."""
    line = SHAPES[shape]
    with open(path + ".new", "w") as file:
        file.write(head)
        file.writelines(line.format(n=n, address=address(base, n)) for n in range(count))
    os.rename(path + ".new", path)


def master_file_head(wildcard, serial):
    """What begins a zone of RFC 1035's form, with a wildcard's address or None."""
    head = ("$TTL 300\n$ORIGIN vanillax.me.\n"
            f"@ SOA ns hostmaster {serial} 3600 900 86400 60\n@ NS ns\nns A 192.168.10.53\n")
    return head + (f"* A {wildcard}\n" if wildcard else "")
