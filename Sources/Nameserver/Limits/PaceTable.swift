package import DNS

/// How often those who are known by a number may do something, for all workers together: the generic cell
/// rate algorithm (ITU-T I.371), which is a token bucket whose state is one time, that at which the bucket
/// is full again. A fixed table of such times: it takes 512 KiB whatever clients do, no lock, and one look
/// at one cache line.
///
/// A number leads to a set of eight entries, and 16 other bits of it tell an entry from the others. One
/// whose bucket is full says nothing and is free. In a set without a free one the entry that is nearest to
/// it goes, so a flood from forged addresses makes the table forget those who do least, and what is
/// forgotten is let through. The other mistake, that an innocent client shares an entry with one who does
/// too much, has a chance of 1 in 2^29 for each of those. The figures: a million queries a second are at most
/// 10,000 clients with 100 each, so of 50,000 innocent ones one is limited while that goes on; and which one,
/// nobody who does not know the process's secret can choose.
package final class PaceTable: Sendable {
    /// A rate with a burst.
    package struct Pace: Hashable, Sendable {
        /// From one event to the next at the full rate, in ticks.
        fileprivate let interval: UInt64
        /// How far ahead of the clock an entry's time may be for one more event.
        fileprivate let tolerance: UInt64

        /// So many events a second and, after a pause, `burst` of them at once.
        package init(rate: Int, burst: Int) {
            interval = max(1, PaceTable.ticksPerSecond / UInt64(max(1, rate)))
            tolerance = interval * UInt64(max(1, burst) - 1)
        }
    }

    /// More clients than a flood of a million queries a second keeps busy, when each may have 20 a second.
    private static let entries = 1 << 16
    private static let entriesPerSet = 8
    /// Others who change the same entry come first so often at most; then nothing is counted.
    private static let maximumAttempts = 8

    /// A tick is 128 ns, so that the lower 48 bits of an entry are a time within 417 days.
    private static let tickShift: UInt64 = 7
    private static let ticksPerSecond: UInt64 = 1_000_000_000 >> tickShift
    private static let timeBits: UInt64 = 48
    private static let timeMask: UInt64 = 1 << timeBits - 1

    private let table = AtomicTable(count: entries)
    private let secret: SipHash.Key

    /// `secret` is the process's.
    package init(secret: SipHash.Key) { self.secret = secret }

    /// The number of a prefix's clients for one purpose.
    func number(of prefix: AddressPrefix, for purpose: UInt64, _ detail: UInt64 = 0) -> UInt64 {
        var hash = SipHash(secret)
        hash.combine(purpose << 8 | UInt64(prefix.length))
        hash.combine(detail)
        switch prefix.address {
        case .v4(let bits): return hash.finish(rest: UInt64(bits), count: 20)
        case .v6(let high, let low):
            hash.combine(high)
            hash.combine(low)
            return hash.finish(count: 32)
        }
    }

    /// The number of a text, for use as a detail of another one.
    func digest(_ octets: Span<UInt8>, ignoringCase: Bool = false) -> UInt64 {
        var hash = SipHash(secret)
        var word: UInt64 = 0
        for index in 0..<octets.count {
            // Bit 5 is a letter's case. That of other octets is lost as well, which mixes up few.
            word = word << 8 | UInt64(ignoringCase ? octets[index] | 0x20 : octets[index])
            if index & 7 == 7 {
                hash.combine(word)
                word = 0
            }
        }
        return hash.finish(rest: word & (1 << 56 - 1), count: octets.count)
    }

    /// Counts one event, unless it is one too many. `now` is monotonic nanoseconds.
    package func admits(_ number: UInt64, _ pace: Pace, now: Int64) -> Bool {
        let time = UInt64(bitPattern: now) >> Self.tickShift
        let tag = max(number >> Self.timeBits, 1)
        let sets = UInt64(Self.entries / Self.entriesPerSet)
        let set = Int(number & (sets - 1)) * Self.entriesPerSet
        for _ in 0..<Self.maximumAttempts {
            let (index, entry) = place(of: tag, in: set, time)
            var ahead = entry >> Self.timeBits == tag ? Self.ahead(entry, of: time) : 0
            // No event makes such a time at this pace: it is of another one, or older than the clock's turn.
            if ahead > pace.tolerance + pace.interval { ahead = 0 }
            guard ahead <= pace.tolerance else { return false }
            let full = (time &+ ahead &+ pace.interval) & Self.timeMask
            if table.replace(entry, by: tag << Self.timeBits | full, at: index) { return true }
        }
        return true
    }

    /// The entry of a tag; where it has none, the one that says least.
    private func place(
        of tag: UInt64, in set: Int, _ time: UInt64
    ) -> (index: Int, entry: UInt64) {
        var least = (index: set, entry: table[set], ahead: UInt64.max)
        for index in set..<set + Self.entriesPerSet {
            let entry = table[index]
            if entry >> Self.timeBits == tag { return (index, entry) }
            let ahead = Self.ahead(entry, of: time)
            if ahead < least.ahead { least = (index, entry, ahead) }
        }
        return (least.index, least.entry)
    }

    /// How many ticks an entry's time is ahead of the clock; 0 when it is over.
    private static func ahead(_ entry: UInt64, of time: UInt64) -> UInt64 {
        let difference = (entry &- time) & timeMask
        return difference < 1 << (timeBits - 1) ? difference : 0
    }
}
