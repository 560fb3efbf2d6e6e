import Glibc

/// Questions as numbers of names: 0 is the most popular, by Zipf's law; noise are names that are
/// asked once, with numbers above all of those.
struct Trace {
    let exponent: Double
    /// The part of the questions that is noise.
    let noise: Double
    let questions: [Int32]
    /// How many different names there may be.
    let nameCount: Int

    init(exponent: Double, noise: Double, popularNames: Int, questions count: Int) {
        self.exponent = exponent
        self.noise = noise
        var sum = 0.0
        let cumulated = (1...popularNames).map { rank in
            sum += pow(Double(rank), -exponent)
            return sum
        }
        var generator = SeededGenerator(seed: 7)
        var next = popularNames
        questions = (0..<count).map { _ in
            if Double.random(in: 0..<1, using: &generator) < noise {
                next += 1
                return Int32(next - 1)
            }
            return Int32(
                Self.rank(of: Double.random(in: 0..<sum, using: &generator), in: cumulated))
        }
        nameCount = next
    }

    /// The first rank whose sum exceeds `value`.
    private static func rank(of value: Double, in cumulated: [Double]) -> Int {
        var range = 0..<cumulated.count - 1
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range =
                cumulated[middle] > value
                ? range.lowerBound..<middle : middle + 1..<range.upperBound
        }
        return range.lowerBound
    }
}
