import Testing

extension ServiceTests {
    /// `make soak` in short, so that its driver works when it is needed.
    @Suite("A short soak", .aloneOnMachine)
    struct SoakTests {
        private static func soak(
            _ seconds: Int, with program: String
        ) throws -> (output: String, status: ChildProcess.ExitStatus, report: String) {
            let results = try TemporaryDirectory()
            let (output, status) = try run(
                [
                    "/usr/bin/python3", Server.repository + "/Benchmarks/soak/run",
                    "--seconds", "\(seconds)", "--output", results.path,
                ],
                environment: ["HORIZOND_BINARY": program], timeout: .seconds(120))
            return (output, status, results.read("report.md"))
        }

        @Test("A home in which everything goes wrong: no query is lost, and every answer is right")
        func isWell() throws {
            let (output, status, report) = try Self.soak(10, with: try Server.binary)
            #expect(status == .exited(0), "\(output)")
            #expect(report.contains("| **lost without a cause** | **0** |"), "\(report)")
        }

        @Test("A server that answers something else is found out")
        func isFoundOut() throws {
            let directory = try TemporaryDirectory()
            try directory.write(
                """
                #!/bin/sh
                # The configuration is the last argument; hosts get other addresses.
                for file; do :; done
                sed -i 's/: 10[.]60[.]/: 10.61./' "$(dirname "$file")/zone.yaml"
                exec \(try Server.binary) "$@"

                """, to: "horizond")
            let chmod = try run(["/bin/chmod", "+x", directory.file("horizond")])
            #expect(chmod.status == .exited(0))
            let (output, status, report) = try Self.soak(4, with: directory.file("horizond"))
            #expect(status == .exited(1), "\(output)")
            #expect(report.contains(".vanillax.me A 10.61.1."), "\(output)")
        }
    }
}
