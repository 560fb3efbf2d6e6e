/// An object that its owner keeps for as long as this is used. References to it are not counted: a count
/// is an atomic write, and to a cache line that all workers share.
///
/// Unsafe because nothing here keeps the object. Sound because a worker holds its snapshot from before
/// a query to after it, and a snapshot never lets go of its views, nor they of their zones and rules, nor
/// the cache of its shards.
@safe struct Borrowed<Object: AnyObject & Sendable>: Sendable {
    private let object: Unmanaged<Object>

    init(_ object: Object) { unsafe self.object = .passUnretained(object) }

    /// Calls `body` with the object.
    @inline(__always)
    func use<Result>(_ body: (Object) -> Result) -> Result {
        unsafe object._withUnsafeGuaranteedRef(body)
    }

    /// The object, counted, for whoever may outlive its owner.
    var kept: Object { unsafe object.takeUnretainedValue() }
}
