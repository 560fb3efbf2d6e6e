import DNS
import Testing

extension ServiceTests {
    @Suite("Messages, octet by octet, over UDP and TCP")
    struct MessageVectorTests {
        private static let configuration = """
            zones:
              vanillax.me: {records: {'*': 192.168.10.50}}
              lab.example:
                mode: authoritative
                records:
                  www: 192.0.2.1
                  big: {type: TXT, values: [\(text("a")), \(text("b")), \(text("c"))]}
            views: {lan: {clients: [127.0.0.1]}}
            forward: {}
            identity: {version: horizond, id: node-1, nsid: node-1}
            cookies: {secrets: [e5e973e5a6b2a43f48e7dc849e37bfcf]}
            tcp: {idle-timeout: 7s}

            """

        /// Three of them are longer than 512 octets and shorter than 1,023.
        private static func text(_ letter: String) -> String {
            String(repeating: letter, count: 200)
        }

        @Test("Every vector is answered as it says", arguments: ["queries", "edns", "special"])
        func vectors(file: String) throws {
            let server = try Server(Self.configuration)
            let vectors = try MessageVector.all(file)
            #expect(vectors.count >= 20)
            for vector in vectors {
                let client = try server.client.from(vector.client)
                for transport in Transport.allCases {
                    let reaction = try client.reaction(to: vector.message, over: transport)
                    let isExpected = vector.answers[transport]?.matches(reaction) ?? false
                    #expect(isExpected, "\(vector) over \(transport): \(reaction)")
                }
            }
        }
    }
}
