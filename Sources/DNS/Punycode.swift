/// Punycode, the encoding of Unicode in A-labels (RFC 3492), without the `xn--` before it.
public enum Punycode {
    // RFC 3492 §5.
    private static let base = 36
    private static let minimumThreshold = 1
    private static let maximumThreshold = 26
    private static let skew = 38
    private static let damp = 700
    private static let initialBias = 72
    private static let initialScalar = 128
    private static let delimiter: UInt8 = 0x2d
    /// A label holds 63 octets, so neither form has more elements; longer input is refused, which
    /// bounds the quadratic loops and keeps the sums far from overflow.
    private static let maximumCount = 63

    /// The encoded form (RFC 3492 §6.3); nil for more than 63 scalars.
    public static func encode(_ scalars: [Unicode.Scalar]) -> [UInt8]? {
        guard scalars.count <= maximumCount else { return nil }
        var output = scalars.filter(\.isASCII).map { UInt8(truncatingIfNeeded: $0.value) }
        let basicCount = output.count
        var handled = basicCount
        if basicCount > 0 { output.append(delimiter) }
        var next = initialScalar
        var delta = 0
        var bias = initialBias
        while handled < scalars.count {
            let rest = scalars.lazy.map { Int($0.value) }.filter { $0 >= next }
            guard let lowest = rest.min() else { return nil }
            delta += (lowest - next) * (handled + 1)
            next = lowest
            for scalar in scalars {
                if scalar.value < next { delta += 1 }
                guard scalar.value == next else { continue }
                appendInteger(delta, bias: bias, to: &output)
                bias = adapt(delta, count: handled + 1, isFirst: handled == basicCount)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return output
    }

    /// The scalars of an encoded form (RFC 3492 §6.2); nil when it is none or over 63 octets.
    public static func decode(_ input: [UInt8]) -> [Unicode.Scalar]? {
        guard input.count <= maximumCount, input.allSatisfy({ $0 < 0x80 }) else { return nil }
        let basicCount = input.lastIndex(of: delimiter) ?? 0
        var output = input[..<basicCount].map { Unicode.Scalar($0) }
        var rest = input[(basicCount > 0 ? basicCount + 1 : 0)...]
        var next = initialScalar
        var index = 0
        var bias = initialBias
        while !rest.isEmpty {
            guard let delta = takeInteger(&rest, bias: bias) else { return nil }
            bias = adapt(delta, count: output.count + 1, isFirst: index == 0)
            index += delta
            next += index / (output.count + 1)
            index %= output.count + 1
            guard let value = UInt32(exactly: next), let scalar = Unicode.Scalar(value)
            else { return nil }
            output.insert(scalar, at: index)
            index += 1
        }
        return output
    }

    private static func threshold(_ position: Int, bias: Int) -> Int {
        min(max(position - bias, minimumThreshold), maximumThreshold)
    }

    private static func appendInteger(_ value: Int, bias: Int, to output: inout [UInt8]) {
        var value = value
        var position = base
        while true {
            let threshold = Self.threshold(position, bias: bias)
            guard value >= threshold else { return output.append(digit(value)) }
            output.append(digit(threshold + (value - threshold) % (base - threshold)))
            value = (value - threshold) / (base - threshold)
            position += base
        }
    }

    /// A generalised variable-length integer (RFC 3492 §3.3); nil when it is cut short or larger
    /// than any that stands in a label.
    private static func takeInteger(_ rest: inout ArraySlice<UInt8>, bias: Int) -> Int? {
        var value = 0
        var weight = 1
        var position = base
        while let octet = rest.popFirst() {
            guard let digit = digitValue(octet) else { return nil }
            value += digit * weight
            // Scalars times positions: the highest sum that still means something.
            guard value <= 0x110000 * (maximumCount + 1) else { return nil }
            let threshold = Self.threshold(position, bias: bias)
            if digit < threshold { return value }
            weight *= base - threshold
            position += base
        }
        return nil
    }

    /// RFC 3492 §6.1.
    private static func adapt(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / damp : delta / 2
        delta += delta / count
        var steps = 0
        while delta > (base - minimumThreshold) * maximumThreshold / 2 {
            delta /= base - minimumThreshold
            steps += base
        }
        return steps + (base - minimumThreshold + 1) * delta / (delta + skew)
    }

    /// `a` to `z` for 0 to 25, `0` to `9` for 26 to 35.
    private static func digit(_ value: Int) -> UInt8 {
        UInt8(value < 26 ? 0x61 + value : 0x30 + value - 26)
    }

    private static func digitValue(_ octet: UInt8) -> Int? {
        switch lowercased(octet) {
        case 0x61...0x7a: Int(lowercased(octet)) - 0x61
        case 0x30...0x39: Int(octet) - 0x30 + 26
        default: nil
        }
    }
}
