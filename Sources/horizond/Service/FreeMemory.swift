import CSockets

/// What is done so that memory which is free is the system's again. A server reloads for months, and
/// each time it takes for a moment as much again as it needs.
enum FreeMemory {
    /// The blocks of a zone's tables, of which a large zone has many, are half a megabyte each.
    private static let mappedBlockSize: Int32 = 256 << 10

    /// Maps large blocks one by one from now on. Glibc begins so, but raises the size to that of
    /// the largest block that was freed, up to 32 MiB, and what is in a heap stays there when
    /// anything behind it does.
    static func mapLargeBlocks() { hs_map_blocks_of(mappedBlockSize) }

    /// Returns what is free in the heaps. That takes about a millisecond for each ten megabytes, and
    /// a heap's threads wait if they allocate meanwhile, so it is for after a reload.
    static func returnToSystem() { hs_return_free_memory() }
}
