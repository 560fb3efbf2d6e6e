import Foundation

@testable import horizond

extension QueryLine {
    /// A line as `--json` has it.
    static func sample(
        _ name: String, client: String = "192.168.10.7", view: String? = "lan",
        type: String = "A", rcode: String = "NOERROR", source: String = "zone",
        addresses: [String] = [], upstream: String? = nil, reason: String? = nil
    ) throws -> QueryLine {
        var fields: [String: Any] = [
            "time": 0, "client": client, "transport": "udp", "name": name, "type": type,
            "rcode": rcode, "addresses": addresses, "answers": addresses.count, "source": source,
            "milliseconds": 0,
        ]
        fields["view"] = view
        fields["upstream"] = upstream
        fields["reason"] = reason
        let data = try JSONSerialization.data(withJSONObject: fields)
        return try JSONDecoder().decode(QueryLine.self, from: data)
    }
}
