import Foundation
import Testing

extension ServiceTests {
    @Suite("`horizond check`")
    struct CheckTests {
        private static let configuration = """
            listen: [127.0.0.1:1053]
            colour: blue
            workers: 2
            workers: 3
            zones:
              vanillax.me: zones/vanillax.me.yaml
              VANILLAX.ME.: {records: {'*': 192.168.10.50}}
              missing.example: zones/missing.yaml
              syntax.example: zones/syntax.yaml
            views:
              lan:
                clients: [192.168.10.1/24, 10.0.0.0/8]
                zones: [vanillax.me]
              guest:
                clients: [10.0.0.0/8]
            forward:
              .: {to: [1.1.1.256]}

            """

        private static let zone = """
            '*': 192.168.10.50
            odd: {type: WKS, value: 6}
            \(String(repeating: "a.", count: 130))b: 192.168.10.51

            """

        /// Where each of the ten mistakes is, and a word that its message must have.
        private static let mistakes = [
            ("horizond.yaml:2:1:", "colour"),
            ("horizond.yaml:4:1:", "workers"),
            ("horizond.yaml:7:3:", "vanillax.me"),
            ("horizond.yaml:8:", "zones/missing.yaml"),
            ("horizond.yaml:12:15:", "192.168.10.0/24"),
            ("horizond.yaml:15:15:", "10.0.0.0/8"),
            ("horizond.yaml:17:12:", "1.1.1.256"),
            ("zones/vanillax.me.yaml:2:13:", "WKS"),
            ("zones/vanillax.me.yaml:3:1:", "255"),
            ("zones/syntax.yaml:2:7:", "YAML"),
        ]

        @Test("Ten mistakes are ten errors with their places in one run")
        func tenMistakes() throws {
            let directory = try TemporaryDirectory()
            try directory.write(Self.configuration, to: "horizond.yaml")
            try directory.write(Self.zone, to: "zones/vanillax.me.yaml")
            try directory.write("www: 192.0.2.1\nmail: }\n", to: "zones/syntax.yaml")
            let (output, status) = try run(
                [try Server.binary, "check", "--config", directory.file("horizond.yaml")])
            #expect(status == .exited(78))
            let place = #/\.yaml:\d+:\d+: /#
            let errors = output.split(separator: "\n").filter { $0.contains(place) }
            #expect(errors.count == Self.mistakes.count, "\(output)")
            for (place, word) in Self.mistakes {
                #expect(
                    errors.contains { $0.contains(place) && $0.contains(word) },
                    "\(place) \(word) in:\n\(output)")
            }
        }

        @Test("The sample configuration is good")
        func sample() throws {
            let sample = Server.repository + "/config/horizond.yaml"
            try #require(FileManager.default.fileExists(atPath: sample))
            let (output, status) = try run([try Server.binary, "check", "--config", sample])
            #expect(status == .exited(0), "\(output)")
        }
    }
}
