internal import DNS

/// The framing of DNS messages on a stream: each is preceded by its length in two octets
/// (RFC 1035 §4.2.2, RFC 7766 §8).
enum StreamFrames {
    static let prefix = 2
    /// The longest message that a prefix can announce, in octets.
    static let maximumMessage = 65_535
    /// Octets read at a time, next to those of a message begun earlier. A client that sends more
    /// has its turn again in the next round.
    static let readChunk = 16 * 1024
    /// A buffer for one reading: an unfinished message and a chunk.
    static let scratchCapacity = prefix + maximumMessage + readChunk

    /// The octets of the message that starts at `offset` with its prefix; nil when it is not
    /// complete in the first `end` octets.
    static func message(in octets: Span<UInt8>, at offset: Int, end: Int) -> Range<Int>? {
        guard end - offset >= prefix else { return nil }
        let length = Int(octets.uint16(at: offset))
        guard length <= end - offset - prefix else { return nil }
        return offset + prefix..<offset + prefix + length
    }
}

/// What has been read of a stream and not been handled: part of a message, or whole messages while
/// reading pauses. Empty, and without memory, most of the time.
struct StreamInput {
    private var held: [UInt8] = []

    /// Octets held.
    var count: Int { held.count }

    /// Moves what is held to the start of `scratch` and returns how much it is.
    mutating func restore(into scratch: inout MutableSpan<UInt8>) -> Int {
        let count = held.count
        guard count > 0 else { return 0 }
        scratch.copy(held.span, at: 0)
        held = []
        return count
    }

    /// Holds these octets for the next reading; nothing is held now.
    mutating func hold(_ octets: Span<UInt8>) {
        held = octets.array(0..<octets.count)
    }
}

/// Messages on their way out of a stream, in the order of the calls, written with as few system
/// calls as there are flushes. Has memory only while something waits.
struct StreamOutput {
    private var octets: [UInt8] = []
    /// How many of `octets` are sent.
    private var sent = 0

    /// Sent octets that are worth moving the others over: a client that always leaves something
    /// waiting would else have all its answers kept.
    private static let maximumSent = 64 * 1024

    /// Octets that are kept, those that were sent included.
    var kept: Int { octets.count }
    /// Octets that wait.
    var count: Int { octets.count - sent }

    /// Adds a message of at most `StreamFrames.maximumMessage` octets with its prefix; an `id`
    /// takes the place of the message's own.
    mutating func append(_ message: Span<UInt8>, id: UInt16? = nil) {
        let start = octets.count
        octets.append(
            contentsOf: repeatElement(0, count: StreamFrames.prefix + message.count))
        var target = octets.mutableSpan
        target.store(UInt16(truncatingIfNeeded: message.count), at: start)
        target.copy(message, at: start + StreamFrames.prefix)
        if let id, message.count >= 2 { target.store(id, at: start + StreamFrames.prefix) }
    }

    /// Adds octets as they are.
    mutating func append(encoded more: Span<UInt8>) {
        let start = octets.count
        octets.append(contentsOf: repeatElement(0, count: more.count))
        var target = octets.mutableSpan
        target.copy(more, at: start)
    }

    /// Writes once. `.done` tells how many octets went out; `count` what still waits.
    mutating func flush(_ descriptor: Int32) -> Transfer {
        let transfer = Syscalls.send(descriptor, octets.span.extracting(sent...))
        if case .done(let count) = transfer { remove(count) }
        return transfer
    }

    /// Gives a channel as much of what waits as it takes now.
    mutating func flush(to channel: any StreamChannel) throws(UpstreamError) {
        remove(try channel.send(octets.span.extracting(sent...)))
    }

    private mutating func remove(_ count: Int) {
        guard count > 0 else { return }
        sent += count
        if sent == octets.count {
            octets = []
            sent = 0
        } else if sent >= Self.maximumSent, sent >= self.count {
            octets = Array(octets[sent...])
            sent = 0
        }
    }
}
