import Foundation

/// What the kernel has counted in this thread's network, of IPv4 and what is over it. (/proc/net is that of
/// the process's first thread.)
func kernelCounter(_ group: String, _ name: String) throws -> Int {
    let lines = try String(contentsOfFile: "/proc/thread-self/net/snmp", encoding: .utf8)
        .split(separator: "\n").filter { $0.hasPrefix(group + ":") }.map {
            $0.split(separator: " ")
        }
    guard lines.count == 2, let column = lines[0].firstIndex(of: Substring(name)),
        let count = Int(lines[1][column])
    else { throw Failure("no counter \(name) of \(group) in /proc/thread-self/net/snmp") }
    return count
}

/// The same of IPv6.
func kernelCounter6(_ name: String) throws -> Int {
    let words = try String(contentsOfFile: "/proc/thread-self/net/snmp6", encoding: .utf8)
        .split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace) }
        .first { $0.first == Substring(name) }
    guard let count = words?.last.flatMap({ Int($0) }) else {
        throw Failure("no counter \(name) in /proc/thread-self/net/snmp6")
    }
    return count
}

/// The datagrams of both families that found a full receive buffer.
func droppedDatagrams() throws -> Int {
    try kernelCounter("Udp", "RcvbufErrors") + kernelCounter6("Udp6RcvbufErrors")
}
