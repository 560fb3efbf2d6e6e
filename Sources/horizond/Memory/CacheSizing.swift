/// How much memory the cache may take, by how much there is. It shrinks before the kernel looks for
/// someone to kill, and grows again when there is room for all that it would then hold.
struct CacheSizing: Sendable {
    /// `cache-size`.
    let full: Int
    /// Below this nothing is gained.
    let least: Int

    /// The parts of the full size in which it grows, and of what is held in which it shrinks.
    private static let growthSteps = 16
    private static let shrinkSteps = 8

    /// What the limit should be. `present` is what it is, `held` what the cache takes of it, `room`
    /// what the tightest bound leaves free, and `margin` what it should leave free.
    func limit(present: Int, held: Int, room: Int, margin: Int) -> Int {
        if room < margin {
            let held = min(present, held)
            return min(present, max(least, held - max(margin - room, held / Self.shrinkSteps)))
        }
        let next = min(full, present + max(1, full / Self.growthSteps))
        // Twice the margin, so that what it gains it does not give back at once.
        return room - max(0, next - held) >= 2 * margin ? next : present
    }
}
