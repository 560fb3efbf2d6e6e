import Glibc

/// How far numbers are from what chance would give, in standard deviations: 0 is usual.
enum Uniformity {
    /// What chance exceeds once in 500 million tests (two sides of a normal distribution).
    static let limit = 6.0

    /// Numbers that should fill `bins` bins alike: chi-squared, made normal as Wilson and Hilferty
    /// found (1931). Negative when they fill them more evenly than chance does.
    static func deviation(_ numbers: [Int], bins: Int) -> Double {
        var counts = Array(repeating: 0, count: bins)
        for number in numbers { counts[number] += 1 }
        let expected = Double(numbers.count) / Double(bins)
        let chiSquared = counts.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
        let variance = 2 / (9 * Double(bins - 1))
        return (cbrt(chiSquared / Double(bins - 1)) - (1 - variance)) / sqrt(variance)
    }

    /// Numbers that should be drawn from `range` values, each time anew: how many different ones
    /// there are (the occupancy problem).
    static func deviationOfDistinct(_ numbers: [Int], range: Int) -> Double {
        let (values, draws) = (Double(range), Double(numbers.count))
        let missed = pow(1 - 1 / values, draws)
        let bothMissed = pow(1 - 2 / values, draws)
        let variance =
            values * missed + values * (values - 1) * bothMissed - pow(values * missed, 2)
        return (Double(Set(numbers).count) - values * (1 - missed)) / sqrt(variance)
    }

    /// Two series that should have nothing to do with each other: their correlation coefficient.
    static func deviation(of first: some Sequence<Int>, with second: some Sequence<Int>) -> Double {
        let pairs = Array(zip(first.map(Double.init), second.map(Double.init)))
        let count = Double(pairs.count)
        let means = pairs.reduce((0, 0)) { ($0.0 + $1.0 / count, $0.1 + $1.1 / count) }
        var (covariance, variances) = (0.0, (0.0, 0.0))
        for (x, y) in pairs {
            covariance += (x - means.0) * (y - means.1)
            variances.0 += pow(x - means.0, 2)
            variances.1 += pow(y - means.1, 2)
        }
        return covariance / sqrt(variances.0 * variances.1) * sqrt(count)
    }
}
