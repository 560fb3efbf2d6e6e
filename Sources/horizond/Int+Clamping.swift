extension Int {
    /// The nearest integer; for what is beyond all of them the last one, for what is no number 0.
    init(clamping value: Double) {
        self = Int(exactly: value.rounded()) ?? (value > 0 ? .max : value < 0 ? .min : 0)
    }
}
