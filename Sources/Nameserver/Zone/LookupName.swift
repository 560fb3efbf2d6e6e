package import DNS

/// A name made ready for look-ups: in lower case, padded with zeros for reading by words, its labels
/// counted. One is kept by each worker and filled again for every query, so it allocates once.
///
/// Unsafe because look-ups read eight octets at a time from any octet of the name: the storage has
/// room for a word behind the longest name, and a zero word stands behind the name at all times.
@safe package final class LookupName {
    /// 255 octets, a word to read past the end of, rounded up.
    private static let capacity = 272

    private let storage: UnsafeMutableRawPointer
    private let labelOffsets: UnsafeMutablePointer<UInt8>
    /// The wire form's length with the root's zero, 1 to 255.
    private(set) var length = 1
    /// How many labels the name has, the root not counted.
    private(set) var labelCount = 0

    package init() {
        unsafe storage = .allocate(byteCount: Self.capacity, alignment: 16)
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0, count: Self.capacity)
        unsafe labelOffsets = .allocate(capacity: DomainName.maximumLabelCount + 1)
        unsafe labelOffsets.initialize(repeating: 0, count: DomainName.maximumLabelCount + 1)
    }

    package convenience init(_ name: DomainName) {
        self.init()
        set(name)
    }

    deinit {
        unsafe storage.deallocate()
        unsafe labelOffsets.deallocate()
    }

    package func set(_ name: DomainName) {
        _ = setUncompressed(name.octets.span, at: 0)
    }

    /// Takes the name at `offset` of `message`, which must be without compression pointers (a
    /// question's). Returns the octet after it; nil when it is malformed.
    @inline(__always)
    func setUncompressed(_ message: Span<UInt8>, at offset: Int) -> Int? {
        guard offset <= message.count else { return nil }
        // The root's octet has to fit, too: a name has at most 255.
        let octets = message.extracting(
            offset..<min(message.count, offset &+ DomainName.maximumLength))
        var position = 0
        var labels = 0
        while position < octets.count {
            // Sound: `position` only grows, and was compared just now.
            let octet = unsafe octets[unchecked: position]
            unsafe labelOffsets[labels] = UInt8(truncatingIfNeeded: position)
            if octet == 0 {
                take(octets.extracting(0..<position &+ 1), labelCount: labels)
                return offset &+ position &+ 1
            }
            guard octet < 64 else { return nil }
            position &+= 1 &+ Int(octet)
            labels &+= 1
        }
        return nil
    }

    /// Takes the name at `offset` of `message` and follows its pointers; false when malformed.
    package func set(_ message: Span<UInt8>, at offset: Int) -> Bool {
        if setUncompressed(message, at: offset) != nil { return true }
        guard let name = try? MessageReader.name(in: message, at: offset) else { return false }
        set(name)
        return true
    }

    /// Where label `label` starts, in octets; the root's zero for `labelCount`.
    func offset(of label: Int) -> Int {
        precondition(label >= 0 && label <= labelCount)
        return unsafe Int(labelOffsets[label])
    }

    /// The first octet of label `label`, such as `_`; 0 for the root.
    func firstOctet(of label: Int) -> UInt8 {
        unsafe storage.load(fromByteOffset: offset(of: label) &+ 1, as: UInt8.self)
    }

    /// Whether label `label` is `*`.
    func isWildcard(at label: Int) -> Bool {
        label < labelCount && firstOctet(of: label) == 0x2a
            && offset(of: label &+ 1) &- offset(of: label) == 2
    }

    /// A bit that stands for the name's last label, the top-level domain. Different ones may share it; the
    /// multiplier is one by which the usual public ones and those of special-use names do not.
    @inline(__always)
    var topLevelBit: UInt64 {
        let start = offset(of: max(0, labelCount &- 1))
        let octets = unsafe storage.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        return 1 << ((octets &* 0xd6e8_feb8_6659_fd93) >> 58)
    }

    /// The octets of the suffix from `label` on, in lower case.
    func octets(from label: Int = 0) -> [UInt8] {
        let start = offset(of: label)
        return unsafe [UInt8](
            UnsafeRawBufferPointer(start: storage + start, count: length &- start))
    }

    /// The suffix from `label` on, in lower case.
    func domainName(from label: Int = 0) -> DomainName {
        DomainName(uncheckedOctets: octets(from: label))
    }

    /// The suffix's hash: every word of it, mixed by a multiplication each. `seed` is random a
    /// process, so that nobody outside can choose names that collide.
    @inline(__always)
    func hash(from label: Int, seed: UInt64) -> UInt64 {
        let start = offset(of: label)
        return unsafe Self.hash(storage + start, length: length &- start, seed: seed)
    }

    /// Whether the suffix equals the `length` octets at `entry`, which are padded with zeros to
    /// whole words.
    func equals(_ entry: UnsafeRawPointer, length entryLength: Int, from label: Int) -> Bool {
        let start = offset(of: label)
        guard entryLength == length &- start else { return false }
        var index = 0
        repeat {
            let here = unsafe storage.loadUnaligned(
                fromByteOffset: start &+ index, as: UInt64.self)
            let there = unsafe entry.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard here == there else { return false }
            index &+= 8
        } while index < entryLength
        return true
    }

    /// Whether it is this name, however that is spelled.
    func equals(_ other: DomainName) -> Bool {
        let octets = other.octets
        guard octets.count == length else { return false }
        var index = 0
        // Mostly names are spelled in lower case.
        while index &+ 8 <= length {
            let here = unsafe storage.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard here.bigEndian == octets.span.uint64(at: index) else { break }
            index &+= 8
        }
        for index in index..<length {
            let octet = unsafe storage.load(fromByteOffset: index, as: UInt8.self)
            guard octet == DNS.lowercased(octets[index]) else { return false }
        }
        return true
    }

    /// Copies the suffix to `target` and pads it with zeros to whole words; returns how many octets
    /// that takes.
    @discardableResult
    func copySuffix(from label: Int, to target: UnsafeMutableRawPointer) -> Int {
        let start = offset(of: label)
        let count = Self.paddedLength(length &- start)
        var index = 0
        while index < count {
            let word = unsafe storage.loadUnaligned(
                fromByteOffset: start &+ index, as: UInt64.self)
            unsafe target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        return count
    }

    static func paddedLength(_ length: Int) -> Int { (length &+ 7) & ~7 }

    static func hash(_ octets: UnsafeRawPointer, length: Int, seed: UInt64) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: length)
        var index = 0
        // A name has one octet at least.
        repeat {
            let word = unsafe octets.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let product = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
            hash = product.high ^ product.low
            index &+= 8
        } while index < length
        return hash
    }

    /// Takes a name in lower case (RFC 4343 §3), with the zero word behind it. Length octets are at most
    /// 63 and stay as they are.
    @inline(__always)
    private func take(_ name: Span<UInt8>, labelCount: Int) {
        length = name.count
        self.labelCount = labelCount
        let octets = unsafe name.bytes
        // The last block or word overlaps the one before it; the shortest names by octets.
        if name.count >= 16 {
            var start = 0
            while start &+ 16 < name.count {
                takeBlock(octets, at: start)
                start &+= 16
            }
            takeBlock(octets, at: name.count &- 16)
        } else if name.count >= 8 {
            let end = name.count &- 8
            let words = Self.lowercased(
                SIMD2(
                    unsafe octets.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self),
                    unsafe octets.unsafeLoadUnaligned(fromByteOffset: end, as: UInt64.self)))
            unsafe storage.storeBytes(of: words[0], toByteOffset: 0, as: UInt64.self)
            unsafe storage.storeBytes(of: words[1], toByteOffset: end, as: UInt64.self)
        } else {
            for index in 0..<name.count {
                unsafe storage.storeBytes(
                    of: DNS.lowercased(name[index]), toByteOffset: index, as: UInt8.self)
            }
        }
        unsafe storage.storeBytes(of: 0, toByteOffset: name.count, as: UInt64.self)
    }

    /// Takes sixteen octets.
    @inline(__always)
    private func takeBlock(_ octets: RawSpan, at offset: Int) {
        let words = unsafe octets.unsafeLoadUnaligned(
            fromByteOffset: offset, as: SIMD2<UInt64>.self)
        unsafe storage.storeBytes(
            of: Self.lowercased(words), toByteOffset: offset, as: SIMD2<UInt64>.self)
    }

    /// Sixteen octets in lower case (RFC 4343 §3).
    @inline(__always)
    private static func lowercased(_ words: SIMD2<UInt64>) -> SIMD2<UInt64> {
        let low7 = words & 0x7f7f_7f7f_7f7f_7f7f
        let atLeastA = low7 &+ 0x3f3f_3f3f_3f3f_3f3f
        let aboveZ = low7 &+ 0x2525_2525_2525_2525
        let isUpper = atLeastA & ~aboveZ & ~words & 0x8080_8080_8080_8080
        return words | (isUpper &>> 2)
    }
}
