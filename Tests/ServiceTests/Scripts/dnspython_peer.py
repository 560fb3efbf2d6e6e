"""Holds the messages and the RDATA of a file of lines against dnspython.

A line has fields between tabs:

    rdata    TYPE TEXT OURS WIRE       both texts stand for these octets
    message  WIRE                      starts a message; its records follow in order
    record   SECTION OWNER TTL TYPE TEXT
    edns     RCODE DO CODE TEXT        what its OPT record says, with an extended error
    end      OPTIONS                   compares, and writes it anew with options CODE:HEX,...

For each `rdata` and `end` a line is printed: `ok` and dnspython's own text or message, or `wrong`
and what is.
"""

import sys

try:
    import dns.edns
    import dns.flags
    import dns.message
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.svcbbase
except ImportError:
    sys.exit("no dnspython for this Python: install python3-dnspython, as .ci/packages test does")

IN = dns.rdataclass.IN

# Names of service parameters that are younger than this dnspython (RFC 9461, RFC 9540).
YOUNGER_KEYS = {
    name: "key%d" % number
    for number, name in ((7, "dohpath"), (8, "ohttp"))
    if name.upper() not in dns.rdtypes.svcbbase.ParamKey.__members__
}


def from_text(rdtype, text):
    if rdtype in (dns.rdatatype.SVCB, dns.rdatatype.HTTPS):
        for name, generic in YOUNGER_KEYS.items():
            text = text.replace(" " + name, " " + generic)
    return dns.rdata.from_text(IN, rdtype, text)


def check_rdata(rdtype, text, ours, wire):
    rdtype = dns.rdatatype.from_text(rdtype)
    wire = bytes.fromhex(wire)
    for form in (text, ours):
        read = from_text(rdtype, form).to_wire()
        if read != wire:
            raise ValueError("%s is %s" % (form, read.hex()))
    return dns.rdata.from_wire(IN, rdtype, wire, 0, len(wire)).to_text()


def expect(what, found, expected):
    if found != expected:
        raise ValueError("%s: found %r, expected %r" % (what, found, expected))


def check_message(wire, records, edns, options):
    message = dns.message.from_wire(bytes.fromhex(wire), one_rr_per_rrset=True)
    sections = (message.answer, message.authority, message.additional)
    found = [(n, rrset) for n, section in enumerate(sections) for rrset in section]
    expect("records", len(found), len(records))
    for (section, rrset), record in zip(found, records):
        number, owner, ttl, rdtype, text = record
        expect("section", section, int(number))
        # The labels themselves, as names compare without regard to case.
        expect("owner", rrset.name.labels, dns.name.from_text(owner).labels)
        expect("TTL", rrset.ttl, int(ttl))
        expect("type", rrset.rdtype, dns.rdatatype.from_text(rdtype))
        expected = from_text(rrset.rdtype, text)
        expect(rdtype, rrset[0].to_wire(), expected.to_wire())
    if edns:
        rcode, do, code, text = edns
        expect("rcode", int(message.rcode()), int(rcode))
        expect("DO", bool(message.ednsflags & dns.flags.DO), do == "1")
        expect("EDE", (int(message.options[0].code), message.options[0].text), (int(code), text))
    if options:
        pairs = [option.split(":") for option in options.split(",")]
        message.use_edns(
            0,
            message.ednsflags,
            1232,
            options=[dns.edns.GenericOption(int(c), bytes.fromhex(d)) for c, d in pairs],
        )
    return message.to_wire(max_size=65535).hex()


def main(path):
    wire, records, edns = None, [], None
    for line in open(path, encoding="utf-8"):
        verb, *fields = line.rstrip("\n").split("\t")
        try:
            if verb == "rdata":
                print("ok", check_rdata(*fields), sep="\t")
            elif verb == "message":
                wire, records, edns = fields[0], [], None
            elif verb == "record":
                records.append(fields)
            elif verb == "edns":
                edns = fields
            elif verb == "end":
                print("ok", check_message(wire, records, edns, *fields), sep="\t")
            else:
                sys.exit("no such line: " + line)
        except Exception as error:
            print("wrong", "%s: %s" % (type(error).__name__, error), sep="\t")


main(sys.argv[1])
