import DNS
import Nameserver

/// A cache that is asked for a name and has its answer afterwards; whether it had it before.
protocol ComparedCache {
    mutating func ask(_ number: Int) -> Bool
}

/// This server's, with all that it needs within its size.
struct ServedCache: ComparedCache {
    private let cache: ResponseCache
    private let names: [DomainName]
    private let name = LookupName()
    private let scratch = AnswerScratch()

    init(size: Int, names: [DomainName]) {
        cache = ResponseCache(size: size, seed: SyntheticAnswers.seed)
        self.names = names
    }

    mutating func ask(_ number: Int) -> Bool {
        name.set(number < names.count ? names[number] : SyntheticAnswers.name(number))
        if cache.copy(name, SyntheticAnswers.key, now: 0, to: scratch) != nil { return true }
        cache.store(
            SyntheticAnswers.image(number), lifetime: 300, name, SyntheticAnswers.key, now: 0)
        return false
    }
}

/// Drops what was asked for longest ago. Its index costs nothing.
struct LeastRecentlyUsed: ComparedCache {
    private let size: Int
    private let lengths: [UInt16]
    private var used = 0
    // A ring of names through their numbers, the latest behind the last number, which is nobody's.
    private var next: [Int32]
    private var previous: [Int32]
    private var isStored: [Bool]
    private let origin: Int

    init(size: Int, lengths: [UInt16]) {
        self.size = size
        self.lengths = lengths
        origin = lengths.count
        next = [Int32](repeating: Int32(origin), count: origin + 1)
        previous = next
        isStored = [Bool](repeating: false, count: origin)
    }

    mutating func ask(_ number: Int) -> Bool {
        let wasStored = isStored[number]
        if wasStored {
            unlink(number)
        } else {
            used += Int(lengths[number])
            isStored[number] = true
            while used > size {
                let oldest = Int(previous[origin])
                unlink(oldest)
                isStored[oldest] = false
                used -= Int(lengths[oldest])
            }
        }
        next[number] = next[origin]
        previous[number] = Int32(origin)
        previous[Int(next[origin])] = Int32(number)
        next[origin] = Int32(number)
        return wasStored
    }

    private mutating func unlink(_ number: Int) {
        next[Int(previous[number])] = next[number]
        previous[Int(next[number])] = previous[number]
    }
}

/// Drops any one of a part's entries, as CoreDNS's `cache` plugin does, which has 256 parts. Its index
/// costs nothing.
struct RandomEviction: ComparedCache {
    private static let partCount = 256
    private let partSize: Int
    private let lengths: [UInt16]
    private var parts = [[Int32]](repeating: [], count: partCount)
    private var used = [Int](repeating: 0, count: partCount)
    /// Where in its part a name is; -1 for nowhere.
    private var places: [Int32]
    private var generator = SeededGenerator(seed: 11)

    init(size: Int, lengths: [UInt16]) {
        partSize = size / Self.partCount
        self.lengths = lengths
        places = [Int32](repeating: -1, count: lengths.count)
    }

    mutating func ask(_ number: Int) -> Bool {
        guard places[number] < 0 else { return true }
        // Any hash: the names' numbers say how popular they are.
        let part = Int((UInt64(number) &* 0x9e37_79b9_7f4a_7c15) >> 56)
        let length = Int(lengths[number])
        while !parts[part].isEmpty, used[part] + length > partSize { drop(from: part) }
        places[number] = Int32(parts[part].count)
        parts[part].append(Int32(number))
        used[part] += length
        return false
    }

    private mutating func drop(from part: Int) {
        let index = Int.random(in: 0..<parts[part].count, using: &generator)
        let number = Int(parts[part][index])
        let last = parts[part].removeLast()
        if Int(last) != number {
            parts[part][index] = last
            places[Int(last)] = Int32(index)
        }
        places[number] = -1
        used[part] -= Int(lengths[number])
    }
}

/// Knows beforehand which names are the most popular, and has those and no others: more than any cache
/// can reach that learns from the questions.
struct MostPopular: ComparedCache {
    private let count: Int

    init(size: Int, lengths: [UInt16]) {
        var used = 0
        count =
            lengths.prefix { length in
                used += Int(length)
                return used <= size
            }.count
    }

    mutating func ask(_ number: Int) -> Bool { number < count }
}
