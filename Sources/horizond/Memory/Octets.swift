/// An amount of memory for people.
enum Octets {
    /// `12.5 MiB`.
    static func text(_ octets: Int) -> String {
        let tenths = octets * 10 / (1 << 20)
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10) MiB"
    }
}
