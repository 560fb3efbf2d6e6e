/// Big-endian ("network order", RFC 1035 §2.3.2) access to spans of octets. Callers have checked
/// the bounds they read from the network; the span checks them once more and traps.
extension Span where Element == UInt8 {
    @inlinable @inline(__always)
    public func uint16(at offset: Int) -> UInt16 {
        // Sound here and below: the bounds are checked, and any octets make an integer.
        UInt16(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inlinable @inline(__always)
    public func uint32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inlinable @inline(__always)
    public func uint64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Whether the octets are the same.
    public func hasEqualOctets(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index &+ 8 <= count {
            guard uint64(at: index) == other.uint64(at: index) else { return false }
            index &+= 8
        }
        while index < count {
            guard self[index] == other[index] else { return false }
            index &+= 1
        }
        return true
    }

    /// The octets of `range`, copied out of the span.
    public func array(_ range: Range<Int>) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(range.count)
        octets.append(extracting(range))
        return octets
    }
}

extension [UInt8] {
    public mutating func append(_ octets: Span<UInt8>) {
        // The pointer is used for this one copy.
        unsafe octets.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// So many zeros. (`init(repeating:count:)` looks its array's type up each time: 400 instructions.)
    public init(zeros count: Int) {
        // All that is counted is initialised.
        unsafe self.init(unsafeUninitializedCapacity: count) { octets, initialized in
            unsafe octets.initialize(repeating: 0)
            initialized = count
        }
    }
}

extension MutableSpan where Element == UInt8 {
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func store(_ value: UInt16, at offset: Int) {
        var bytes = unsafe mutableBytes
        bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func store(_ value: UInt32, at offset: Int) {
        var bytes = unsafe mutableBytes
        bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func store(_ value: UInt64, at offset: Int) {
        var bytes = unsafe mutableBytes
        bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Copies `range` of `source` to `offset`; traps when it does not fit.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func copy(_ source: [UInt8], _ range: Range<Int>, at offset: Int) {
        copy(source.span.extracting(range), at: offset)
    }

    /// Copies `source` to `offset`; traps when it does not fit.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func copy(_ source: Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && source.count <= count &- offset)
        guard source.count > 0 else { return }
        // One memcpy instead of a checked store an octet; both ranges were checked just above, and
        // a mutable span never overlaps another one.
        unsafe withUnsafeMutableBufferPointer { target in
            unsafe source.withUnsafeBufferPointer { octets in
                unsafe (target.baseAddress! + offset)
                    .update(from: octets.baseAddress!, count: octets.count)
            }
        }
    }
}

/// The ASCII octet in lower case (RFC 4343 §3).
@inlinable @inline(__always)
public func lowercased(_ octet: UInt8) -> UInt8 {
    octet &- 0x41 < 26 ? octet | 0x20 : octet
}
