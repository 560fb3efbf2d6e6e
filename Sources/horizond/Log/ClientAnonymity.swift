import Configuration
import DNS

extension QueryLogSettings.Clients {
    /// What may be told of an address: all of it, its IPv4 /24 or IPv6 /48, or nothing.
    func shown(_ address: IPAddress) -> IPAddress? {
        switch (self, address) {
        case (.full, _): address
        case (.prefix, .v4(let bits)): .v4(bits & 0xffff_ff00)
        case (.prefix, .v6(let high, _)): .v6(high & 0xffff_ffff_ffff_0000, 0)
        case (.hidden, _): nil
        }
    }
}
