import DNS

/// The place to which a worker's cache hits are copied, so that a shard's lock is held only while
/// copying. One is kept by each worker.
///
/// Unsafe because an image is copied in and read in place. Sound because `count` never exceeds the
/// storage, and what was copied is initialised.
@safe package final class AnswerScratch {
    /// The largest image: a message of 65,535 octets and the places of its TTLs.
    static let capacity = 131_072

    private let storage: UnsafeMutableRawPointer
    private var count = 0

    package init() {
        unsafe storage = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit { unsafe storage.deallocate() }

    func set(_ source: UnsafeRawPointer, count: Int) {
        precondition(count <= Self.capacity)
        unsafe storage.copyMemory(from: source, byteCount: count)
        self.count = count
    }

    func set(_ image: Span<UInt8>) {
        unsafe image.withUnsafeBytes { octets in
            guard let base = octets.baseAddress else { return }
            unsafe set(base, count: octets.count)
        }
    }

    /// The flags of the image that was copied last.
    var flags: UInt16 { AnswerImageView(image).flags }

    /// Whether the image that was copied last says what there is or is not, rather than that something
    /// failed.
    var isData: Bool {
        let rcode = RCode(rawValue: flags & Header.Flag.rcodeMask)
        return rcode == .noError || rcode == .nameError
    }

    /// What was copied last, in memory of its own.
    var copied: [UInt8] {
        let scratch = self
        let image = scratch.image
        return image.array(0..<image.count)
    }

    /// What was copied last.
    var image: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Sound: the octets were initialised by `set` and live as long as the scratch.
            let span = unsafe Span<UInt8>(
                _unsafeStart: storage.assumingMemoryBound(to: UInt8.self), count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
