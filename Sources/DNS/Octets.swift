/// Big-endian ("network order", RFC 1035 §2.3.2) access to spans of octets. Callers have checked
/// the bounds they read from the network; the span checks them once more and traps.
extension Span where Element == UInt8 {
    @inline(__always)
    package func uint16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) << 8 | UInt16(self[offset &+ 1])
    }

    @inline(__always)
    package func uint32(at offset: Int) -> UInt32 {
        UInt32(uint16(at: offset)) << 16 | UInt32(uint16(at: offset &+ 2))
    }

    @inline(__always)
    package func uint64(at offset: Int) -> UInt64 {
        UInt64(uint32(at: offset)) << 32 | UInt64(uint32(at: offset &+ 4))
    }

    /// The octets of `range`, copied out of the span.
    package func array(_ range: Range<Int>) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(range.count)
        // The pointer is used for this one copy.
        unsafe extracting(range).withUnsafeBufferPointer { unsafe octets.append(contentsOf: $0) }
        return octets
    }
}

extension [UInt8] {
    /// So many zeros. (`init(repeating:count:)` looks its array's type up each time: 400 instructions.)
    package init(zeros count: Int) {
        self = []
        reserveCapacity(count)
        append(contentsOf: repeatElement(0, count: count))
    }
}

extension MutableSpan where Element == UInt8 {
    @inline(__always)
    @_lifetime(self: copy self)
    package mutating func store(_ value: UInt16, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value >> 8)
        self[offset &+ 1] = UInt8(truncatingIfNeeded: value)
    }

    @inline(__always)
    @_lifetime(self: copy self)
    package mutating func store(_ value: UInt32, at offset: Int) {
        store(UInt16(truncatingIfNeeded: value >> 16), at: offset)
        store(UInt16(truncatingIfNeeded: value), at: offset &+ 2)
    }

    @inline(__always)
    @_lifetime(self: copy self)
    package mutating func store(_ value: UInt64, at offset: Int) {
        store(UInt32(truncatingIfNeeded: value >> 32), at: offset)
        store(UInt32(truncatingIfNeeded: value), at: offset &+ 4)
    }

    /// Copies `range` of `source` to `offset`; traps when it does not fit.
    @_lifetime(self: copy self)
    package mutating func copy(_ source: [UInt8], _ range: Range<Int>, at offset: Int) {
        copy(source.span.extracting(range), at: offset)
    }

    /// Copies `source` to `offset`; traps when it does not fit.
    @_lifetime(self: copy self)
    package mutating func copy(_ source: Span<UInt8>, at offset: Int) {
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
@inline(__always)
package func lowercased(_ octet: UInt8) -> UInt8 {
    octet &- 0x41 < 26 ? octet | 0x20 : octet
}
