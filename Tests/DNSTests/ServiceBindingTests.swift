import DNS
import Testing

@Suite("Service bindings on the wire")
struct ServiceBindingTests {
    private static func read(_ wire: String) throws -> ServiceBinding {
        let rdata = octets(wire)
        return try ServiceBinding(rdata: rdata.span)
    }

    @Test("Priority, target and parameters are read and written, unknown keys verbatim")
    func readsAndWrites() throws {
        let wire = "0010 0161 00 0001 0003 026832 0003 0002 20fb 029b 0002 ff00 fffe 0000"
        let binding = try Self.read(wire)
        #expect(binding.priority == 16)
        #expect(try binding.target == DomainName("a"))
        #expect(binding.parameters.map(\.key.rawValue) == [1, 3, 667, 65534])
        #expect(binding[.port]?.value == [0x20, 0xfb])
        #expect(binding[.ech] == nil)
        #expect(binding.rdata == octets(wire))
        #expect(!binding.isAlias)
    }

    @Test(
        "RDATA that ends within a field is refused",
        arguments: [
            "", "00", "0001", "0001 01", "0001 0161", "0001 00 0003", "0001 00 0003 0002 20",
        ])
    func refusesTruncation(wire: String) {
        #expect(throws: ServiceBindingError.malformedRData) { try Self.read(wire) }
    }

    @Test("A compressed target name is refused", arguments: ["0001 c000", "0001 0161 c002"])
    func refusesCompressedTarget(wire: String) {
        #expect(throws: ServiceBindingError.malformedRData) { try Self.read(wire) }
    }

    @Test("Keys must increase")
    func refusesUnorderedKeys() {
        #expect(throws: ServiceBindingError.keyOutOfOrder(.alpn)) {
            try Self.read("0001 00 0003 0002 0050 0001 0003 026832")
        }
        #expect(throws: ServiceBindingError.duplicateKey(.port)) {
            try Self.read("0001 00 0003 0002 0050 0003 0002 0050")
        }
    }

    @Test(
        "A value that has not its key's form is refused",
        arguments: [
            // mandatory: empty, odd, itself, out of order, twice.
            ("0000 0000", ServiceParameterKey.mandatory),
            ("0000 0001 00", .mandatory),
            ("0000 0002 0000", .mandatory),
            ("0000 0004 0003 0001", .mandatory),
            ("0000 0004 0003 0003", .mandatory),
            // alpn: empty, an empty id, an id past the end.
            ("0001 0000", .alpn),
            ("0001 0001 00", .alpn),
            ("0001 0004 026832 00", .alpn),
            ("0001 0003 036832", .alpn),
            ("0001 0003 026832 0002 0001 00", .noDefaultALPN),
            ("0003 0001 50", .port),
            ("0003 0003 000050", .port),
            ("0004 0000", .ipv4Hint),
            ("0004 0003 c00002", .ipv4Hint),
            ("0005 0000", .ech),
            ("0006 0000", .ipv6Hint),
            ("0006 0004 c0000201", .ipv6Hint),
            ("0008 0001 00", .obliviousHTTP),
            ("ffff 0000", .invalid),
        ])
    func refusesMalformedValues(parameters: String, key: ServiceParameterKey) {
        #expect(throws: ServiceBindingError.malformedValue(key)) {
            try Self.read("0001 00" + parameters)
        }
        // RFC 9460 §2.2 makes no difference between the modes.
        #expect(throws: ServiceBindingError.malformedValue(key)) {
            try Self.read("0000 00" + parameters)
        }
    }

    @Test("Parameters that contradict each other are refused in ServiceMode, ignored in AliasMode")
    func refusesContradictions() throws {
        #expect(throws: ServiceBindingError.noDefaultALPNWithoutALPN) {
            try Self.read("0001 00 0002 0000")
        }
        #expect(throws: ServiceBindingError.missingMandatoryKey(.alpn)) {
            try Self.read("0001 00 0000 0002 0001")
        }
        #expect(try Self.read("0000 0161 00 0002 0000").isAlias)
    }

    @Test("A binding made of parameters in any order has them in the order of their keys")
    func sortsParameters() throws {
        let binding = try ServiceBinding(
            priority: 1, target: .root,
            parameters: [
                ServiceParameter(.port, [0, 80]), ServiceParameter(protocolIDs: ["h2".utf8]),
            ])
        #expect(binding.rdata == octets("0001 00 0001 0003 026832 0003 0002 0050"))
    }

    @Test("An error is described in words")
    func describesErrors() {
        let errors: [ServiceBindingError] = [
            .malformedRData, .duplicateKey(.alpn), .keyOutOfOrder(.port), .malformedValue(.ech),
            .noDefaultALPNWithoutALPN, .missingMandatoryKey(ServiceParameterKey(rawValue: 123)),
        ]
        #expect(errors.last?.description == "mandatory lists key123, which is missing")
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
