import DNS

/// One part of the cache. What is new goes through a small ring; what was asked for twice on its way
/// there goes on to the main ring, and stays as long as it is asked for now and then (S3-FIFO: Yang,
/// Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023). So a flood
/// of names that are asked once pushes out nothing but itself. The memory is one region; another size
/// is another region (`resize`).
///
/// Unsafe because entries are read and written in place by words. Sound because every place comes
/// from a slot or a ring, which only this type fills, and the cache's lock is held.
@safe struct CacheShard: ~Copyable {
    let memory: UnsafeMutableRawPointer
    var slots: CacheSlots
    private var ghosts: CacheGhosts
    var small: CacheRing
    var main: CacheRing
    /// Whether the main ring has never been full, and has room for what nobody asked for again.
    private var isFilling = true
    var statistics = CacheStatistics()
    /// How many of the entries deny a whole name.
    private(set) var denialCount = 0

    typealias Header = CacheEntryHeader

    /// The octets of memory for each slot. An entry takes 88 at least, and most about 130.
    private static let octetsPerSlot = 80
    /// The octets of memory for each fingerprint: about as many as the main ring has entries.
    private static let octetsPerGhost = 256
    /// How many entries one insertion moves behind before it drops one after all, so that no query
    /// waits for a whole ring to be moved.
    private static let maximumMoves = 16
    /// How many slots are looked at under one lock when entries are searched by their name.
    private static let slotsAtOnce = 256
    /// How much of its place an entry may leave unused when it is stored in the place of another.
    private static let maximumSlack = 64

    /// `octets` bounds entries and index together.
    init(octets: Int) {
        precondition(Header.isLaidOut)
        let slotCount = max(64, octets / Self.octetsPerSlot)
        let bucketCount = max(1, octets / Self.octetsPerGhost / CacheGhosts.bucketSize)
        let index = slotCount * 8 + bucketCount * CacheGhosts.bucketSize * 2
        let capacity = max(4096, octets - index) & ~15
        unsafe memory = .allocate(byteCount: capacity + index, alignment: 16)
        unsafe slots = CacheSlots(
            (memory + capacity).bindMemory(to: UInt64.self, capacity: slotCount),
            capacity: slotCount)
        unsafe ghosts = CacheGhosts(
            (memory + capacity + slotCount * 8)
                .bindMemory(to: UInt16.self, capacity: bucketCount * CacheGhosts.bucketSize),
            bucketCount: bucketCount)
        // The tenth that the paper found to be good on every trace.
        let border = (capacity / 10) & ~7
        unsafe small = CacheRing(memory, bounds: 0..<border)
        unsafe main = CacheRing(memory, bounds: border..<capacity)
    }

    deinit { unsafe memory.deallocate() }

    // MARK: Look-ups

    /// Copies the image of a fresh entry for the suffix from `label` on to `scratch`; nil when there is
    /// none.
    mutating func copy(
        _ name: LookupName, from label: Int = 0, _ key: AnswerKey.Parameters, hash: UInt64,
        now: Int64, to scratch: AnswerScratch
    ) -> CacheHit? {
        guard let slot = find(name, from: label, key, hash) else { return nil }
        let place = slots.place(slot)
        let header = header(at: place)
        let age = max(0, now &- header.storedAt)
        let elapsed = age / 1_000_000_000
        let lifetime = Int64(header.lifetime)
        guard elapsed < lifetime else { return nil }
        // In nanoseconds, a tenth of the lifetime.
        let isDue = header.usage.isRefreshUntold && lifetime &* 900_000_000 <= age
        setUsage(header.usage.asked(isDue: isDue), at: place, before: header.usage)
        copyImage(at: place, header, to: scratch)
        return CacheHit(age: UInt32(truncatingIfNeeded: elapsed), isDue: isDue)
    }

    /// Copies the image of an entry past its lifetime to `scratch`; nil when there is none.
    mutating func copyStale(
        _ name: LookupName, _ key: AnswerKey.Parameters, hash: UInt64, limit: UInt32, now: Int64,
        to scratch: AnswerScratch
    ) -> StaleHit? {
        guard let slot = find(name, from: 0, key, hash) else { return nil }
        let place = slots.place(slot)
        let header = header(at: place)
        let age = max(0, now &- header.storedAt)
        let elapsed = age / 1_000_000_000
        let lifetime = Int64(header.lifetime)
        guard elapsed >= lifetime, elapsed < lifetime &+ Int64(limit) else { return nil }
        setUsage(header.usage.counted, at: place, before: header.usage)
        copyImage(at: place, header, to: scratch)
        return StaleHit(isRecheckDue: age / 1_000_000 >= Int64(header.recheckAfter))
    }

    mutating func postponeRecheck(
        _ name: LookupName, _ key: AnswerKey.Parameters, hash: UInt64, until time: Int64
    ) {
        guard let slot = find(name, from: 0, key, hash) else { return }
        let place = slots.place(slot)
        let milliseconds = (max(0, time &- header(at: place).storedAt) &+ 999_999) / 1_000_000
        unsafe memory.storeBytes(
            of: UInt32(clamping: milliseconds), toByteOffset: place &+ Header.recheckOffset,
            as: UInt32.self)
    }

    /// How far what is stored has been gone through.
    struct Progress {
        /// In the ring that is gone through; nil is its oldest.
        fileprivate var position: CacheRing.Position?
        fileprivate var isInSmall = false
        fileprivate(set) var isAtEnd = false
    }

    /// Calls `body` with what is stored, the main ring's first, each ring's oldest first: some more
    /// than `octets` of it from `progress` on. It may be called again after other changes; what these
    /// have moved may then come twice, or not at all.
    func forEachEntry(
        from progress: inout Progress, octets limit: Int,
        _ body: (CacheEntryFacts, _ name: Span<UInt8>, _ image: Span<UInt8>) -> Void
    ) {
        let ring = progress.isInSmall ? small : main
        ring.forEach(from: &progress.position, octets: limit) { place in
            let header = header(at: place)
            guard slots.slot(of: place, header.hash) != nil else { return }
            let name = unsafe memory + place + Header.size
            let image = unsafe name + LookupName.paddedLength(Int(header.nameLength))
            unsafe body(
                header.facts, Span(_unsafeStart: octets(name), count: Int(header.nameLength)),
                Span(_unsafeStart: octets(image), count: Int(header.imageLength)))
        }
        guard progress.position == nil else { return }
        progress.isAtEnd = progress.isInSmall
        progress.isInSmall = true
    }

    /// Whether there is an entry of the key, expired or not.
    func holds(_ name: LookupName, _ key: AnswerKey.Parameters, hash: UInt64) -> Bool {
        find(name, from: 0, key, hash) != nil
    }

    private func octets(_ start: UnsafeMutableRawPointer) -> UnsafePointer<UInt8> {
        unsafe UnsafePointer(start.assumingMemoryBound(to: UInt8.self))
    }

    private func find(
        _ name: LookupName, from label: Int, _ key: AnswerKey.Parameters, _ hash: UInt64
    ) -> Int? {
        var slot = slots.home(hash)
        while !slots.isEmpty(slot) {
            if slots.matches(slot, hash) {
                let place = slots.place(slot)
                let header = header(at: place)
                if header.hash == hash, header.type == key.type.rawValue,
                    header.bits == key.bits.rawValue, header.partition == key.partition,
                    unsafe name.equals(
                        memory + place + Header.size, length: Int(header.nameLength), from: label)
                {
                    return slot
                }
            }
            slot = slots.next(slot)
        }
        return nil
    }

    // MARK: Storing

    /// Takes an entry out; false when there is none.
    @discardableResult
    mutating func remove(
        _ name: LookupName, _ key: AnswerKey.Parameters, hash: UInt64
    ) -> Bool {
        guard let slot = find(name, from: 0, key, hash) else { return false }
        remove(slot, header(at: slots.place(slot)))
        return true
    }

    /// Takes out the entries that `matches` says by their name and whether they deny all below it, and
    /// returns how many. Looks at some 256 slots from `slot` on and moves that on; nil is the end.
    ///
    /// It may be called again after other changes, and still misses nothing that was here before: it
    /// stops at an empty slot only, and no entry moves past one but away from those looked at.
    mutating func remove(
        from slot: inout Int?, where matches: (_ name: Span<UInt8>, _ deniesSubtree: Bool) -> Bool
    ) -> Int {
        let before = statistics.entries
        guard let start = slot else { return 0 }
        let end = min(start + Self.slotsAtOnce, slots.capacity)
        var index = start
        // What is at home before the end may lie behind the start.
        while index < end || !slots.isEmpty(index % slots.capacity) {
            let current = index % slots.capacity
            let isRemoved = !slots.isEmpty(current) && remove(current, where: matches)
            // Another entry may have moved up to its slot.
            if !isRemoved { index += 1 }
        }
        slot = index < slots.capacity ? index : nil
        if statistics.entries == 0 { startAnew() }
        return before - statistics.entries
    }

    /// The places of what was taken out are free at once, and what is new fills them, as at the start.
    private mutating func startAnew() {
        small.removeAll()
        main.removeAll()
        isFilling = true
    }

    private mutating func remove(
        _ slot: Int, where matches: (_ name: Span<UInt8>, _ deniesSubtree: Bool) -> Bool
    ) -> Bool {
        let place = slots.place(slot)
        let header = header(at: place)
        let name = unsafe Span(
            _unsafeStart: octets(memory + place + Header.size), count: Int(header.nameLength))
        guard matches(name, header.deniesSubtree) else { return false }
        remove(slot, header)
        return true
    }

    /// Stores an image in the place of any earlier one of the key.
    mutating func store(
        _ image: Span<UInt8>, _ name: LookupName, _ facts: CacheEntryFacts, hash: UInt64
    ) {
        let key = facts.key
        let length =
            Header.size + LookupName.paddedLength(name.length)
            + LookupName.paddedLength(image.count)
        var header = Header(
            facts, hash: hash, length: length, nameLength: name.length, imageLength: image.count)
        var isProven = facts.useCount > 0
        if let slot = find(name, from: 0, key, hash) {
            let place = slots.place(slot)
            let old = self.header(at: place)
            // That it is stored again means that it was asked for again.
            header.usage = old.usage.counted.ofAnotherLife
            let slack = Int(old.length) - length
            if (0...Self.maximumSlack).contains(slack) {
                header.length = old.length
                return write(header, name, image, at: place)
            }
            isProven = main.bounds.contains(place)
            remove(slot, old)
        } else {
            isProven = ghosts.remove(hash) || isProven
        }
        guard let place = makePlace(length, inMain: isProven) else { return }
        write(header, name, image, at: place)
        insert(header, at: place)
    }

    private mutating func write(
        _ header: Header, _ name: LookupName, _ image: Span<UInt8>, at place: Int
    ) {
        let start = unsafe memory + place
        unsafe start.storeBytes(of: header, as: Header.self)
        unsafe name.copySuffix(from: 0, to: start + Header.size)
        unsafe image.withUnsafeBytes { octets in
            guard let base = octets.baseAddress else { return }
            unsafe (start + Header.size + LookupName.paddedLength(name.length))
                .copyMemory(from: base, byteCount: octets.count)
        }
        statistics.insertions &+= 1
    }

    // MARK: Eviction

    /// A place for an entry of `length` octets, for which others go; nil when it would push out too
    /// much.
    mutating func makePlace(_ length: Int, inMain: Bool) -> Int? {
        guard length <= main.bounds.count / 4 else { return nil }
        var moves = 0
        while slots.isFull {
            // So many short entries; each round frees one or uses up a move.
            if let place = main.takeOldest() {
                leaveMain(place, &moves)
            } else if let place = small.takeOldest() {
                leaveSmall(place)
            }
        }
        return inMain || length > small.bounds.count / 4
            ? makePlaceInMain(length) : makePlaceInSmall(length)
    }

    private mutating func makePlaceInSmall(_ length: Int) -> Int? {
        while true {
            if let place = small.append(length) { return place }
            guard let oldest = small.takeOldest() else { return small.append(length) }
            leaveSmall(oldest)
        }
    }

    private mutating func makePlaceInMain(_ length: Int) -> Int? {
        var moves = 0
        while true {
            if let place = main.append(length) { return place }
            guard let oldest = main.takeOldest() else { return main.append(length) }
            isFilling = false
            leaveMain(oldest, &moves)
        }
    }

    /// The entry at a place that the small ring gave up goes on to the main ring, or goes.
    private mutating func leaveSmall(_ place: Int) {
        var header = header(at: place)
        guard let slot = slots.slot(of: place, header.hash) else { return }
        remove(slot, header)
        guard isFilling || header.usage.count >= 2,
            let target = makePlaceInMain(Int(header.length))
        else {
            ghosts.insert(header.hash)
            statistics.evictions &+= 1
            return
        }
        move(&header, from: place, to: target, header.usage.uncounted)
        insert(header, at: target)
    }

    /// The entry at a place that the main ring gave up goes to that ring's other end, or goes.
    private mutating func leaveMain(_ place: Int, _ moves: inout Int) {
        var header = header(at: place)
        guard let slot = slots.slot(of: place, header.hash) else { return }
        guard header.usage.count > 0, moves < Self.maximumMoves,
            let target = main.append(Int(header.length))
        else {
            remove(slot, header)
            statistics.evictions &+= 1
            return
        }
        moves &+= 1
        move(&header, from: place, to: target, header.usage.countedDown)
        slots.move(slot, header.hash, to: target)
    }

    /// Copies an entry; the two places may overlap, which copyMemory allows.
    private mutating func move(
        _ header: inout Header, from place: Int, to target: Int, _ usage: CacheUsage
    ) {
        unsafe (memory + target).copyMemory(from: memory + place, byteCount: Int(header.length))
        setUsage(usage, at: target, before: header.usage)
        header.usage = usage
    }

    mutating func insert(_ header: Header, at place: Int) {
        slots.insert(header.hash, place: place)
        statistics.entries &+= 1
        statistics.octets &+= Int(header.length)
        if header.isDenial { denialCount &+= 1 }
    }

    private mutating func remove(_ slot: Int, _ header: Header) {
        slots.remove(slot)
        statistics.entries &-= 1
        statistics.octets &-= Int(header.length)
        if header.isDenial { denialCount &-= 1 }
    }

    // MARK: Entries

    func header(at place: Int) -> Header {
        unsafe memory.load(fromByteOffset: place, as: Header.self)
    }

    private func setUsage(_ usage: CacheUsage, at place: Int, before: CacheUsage) {
        guard usage != before else { return }
        unsafe memory.storeBytes(
            of: usage, toByteOffset: place &+ Header.usageOffset, as: CacheUsage.self)
    }

    private func copyImage(at place: Int, _ header: Header, to scratch: AnswerScratch) {
        let offset = place &+ Header.size &+ LookupName.paddedLength(Int(header.nameLength))
        unsafe scratch.set(memory + offset, count: Int(header.imageLength))
    }
}
