/// The RDATA of a LOC record (RFC 1876 §2).
struct Location: Equatable, Sendable {
    /// Diameter of a sphere around the place and the precisions, in centimetres.
    var size: UInt64 = 100
    var horizontalPrecision: UInt64 = 1_000_000
    var verticalPrecision: UInt64 = 1_000
    /// Thousandths of a second of arc, north and east positive.
    var latitude: Int64
    var longitude: Int64
    /// Centimetres above the WGS 84 ellipsoid.
    var altitude: Int64

    /// The equator and the prime meridian on the wire.
    private static let origin: Int64 = 1 << 31
    /// The wire counts altitudes from 100,000 m below the ellipsoid, in centimetres.
    private static let lowestAltitude: Int64 = -10_000_000
    /// Thousandths of a second in a degree.
    private static let degree: Int64 = 3_600_000

    /// The location of 16 octets; nil for another version, or values out of range.
    init?(rdata: Span<UInt8>) {
        guard rdata.count == 16, rdata[0] == 0, let size = Self.length(rdata[1]),
            let horizontal = Self.length(rdata[2]), let vertical = Self.length(rdata[3])
        else { return nil }
        self.size = size
        horizontalPrecision = horizontal
        verticalPrecision = vertical
        latitude = Int64(rdata.uint32(at: 4)) - Self.origin
        longitude = Int64(rdata.uint32(at: 8)) - Self.origin
        altitude = Int64(rdata.uint32(at: 12)) + Self.lowestAltitude
        guard latitude.magnitude <= 90 * Self.degree, longitude.magnitude <= 180 * Self.degree
        else { return nil }
    }

    /// The location of the words of its presentation form (RFC 1876 §3).
    init(_ reader: inout RDataTokenReader) throws(RDataError) {
        latitude = try Self.readAngle(&reader, "latitude", limit: 90, positive: "N", negative: "S")
        longitude = try Self.readAngle(
            &reader, "longitude", limit: 180, positive: "E", negative: "W")
        altitude = try Self.readAltitude(&reader)
        if let token = reader.nextIfPresent() { size = try Self.length("size", token) }
        if let token = reader.nextIfPresent() {
            horizontalPrecision = try Self.length("horizontal precision", token)
        }
        if let token = reader.nextIfPresent() {
            verticalPrecision = try Self.length("vertical precision", token)
        }
        try reader.requireEnd()
    }

    var rdata: [UInt8] {
        [0, Self.octet(size), Self.octet(horizontalPrecision), Self.octet(verticalPrecision)]
            + UInt32(truncatingIfNeeded: latitude + Self.origin).bigEndianOctets
            + UInt32(truncatingIfNeeded: longitude + Self.origin).bigEndianOctets
            + UInt32(truncatingIfNeeded: altitude - Self.lowestAltitude).bigEndianOctets
    }
}

extension Location {
    /// Degrees, minutes and seconds, of which the latter two may be missing, and the direction.
    private static func readAngle(
        _ reader: inout RDataTokenReader, _ field: String, limit: Int64, positive: String,
        negative: String
    ) throws(RDataError) -> Int64 {
        let expected = """
            degrees (at most \(limit)), minutes and seconds (less than 60), then \(positive) or \
            \(negative)
            """
        var parts: [Int64] = []
        while true {
            let token = try reader.next(field, expected: expected)
            let direction = token.text.uppercased()
            if direction == positive || direction == negative, !parts.isEmpty {
                let degrees = parts[0] / 1000
                let minutes = parts.count > 1 ? parts[1] / 1000 : 0
                let angle = degrees * degree + minutes * 60_000 + (parts.count > 2 ? parts[2] : 0)
                guard angle <= limit * degree else {
                    throw RDataError(field, found: "\(degrees) degrees", expected: expected)
                }
                return direction == positive ? angle : -angle
            }
            let isSeconds = parts.count == 2
            guard parts.count < 3, let value = fixedPoint(token.text, places: 3),
                isSeconds || value.isMultiple(of: 1000),
                value < (parts.isEmpty ? limit + 1 : 60) * 1000
            else { throw RDataError(field, found: token.text, expected: expected) }
            parts.append(Int64(value))
        }
    }

    private static func readAltitude(_ reader: inout RDataTokenReader) throws(RDataError) -> Int64 {
        let expected = "metres from -100000.00 to 42849672.95"
        let token = try reader.next("altitude", expected: expected)
        let isNegative = token.text.hasPrefix("-")
        guard let magnitude = metres(token.text.dropFirst(isNegative ? 1 : 0)) else {
            throw RDataError("altitude", found: token.text, expected: expected)
        }
        let altitude = isNegative ? -Int64(magnitude) : Int64(magnitude)
        guard UInt32(exactly: altitude - lowestAltitude) != nil else {
            throw RDataError("altitude", found: token.text, expected: expected)
        }
        return altitude
    }

    /// A length in centimetres, at most 9 × 10⁹ as the wire form has room for.
    private static func length(
        _ field: String, _ token: PresentationToken
    ) throws(RDataError) -> UInt64 {
        guard let length = metres(token.text[...]), length <= 9_000_000_000 else {
            throw RDataError(field, found: token.text, expected: "metres from 0 to 90000000.00")
        }
        return length
    }

    /// Centimetres of a text in metres, with or without its `m`.
    private static func metres(_ text: Substring) -> UInt64? {
        fixedPoint(text.hasSuffix("m") || text.hasSuffix("M") ? text.dropLast() : text, places: 2)
    }

    /// The number of a decimal text of at most 10 digits and `places` decimals, times 10^places.
    private static func fixedPoint(_ text: some StringProtocol, places: Int) -> UInt64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...10).contains(whole.utf8.count) else { return nil }
        let decimals = parts.count > 1 ? String(parts[1]) : "0"
        guard (1...places).contains(decimals.utf8.count) else { return nil }
        let padding = String(repeating: "0", count: places - decimals.utf8.count)
        return UInt64(decimal: String(whole) + decimals + padding)
    }
}

extension Location {
    /// The centimetres of a length octet: a digit, and how often to multiply it by ten. Nil for
    /// digits over nine and for other spellings of zero.
    private static func length(_ octet: UInt8) -> UInt64? {
        let exponent = octet & 15
        var length = UInt64(octet >> 4)
        guard length <= 9, exponent <= 9, length != 0 || exponent == 0 else { return nil }
        for _ in 0..<exponent { length *= 10 }
        return length
    }

    /// The length octet of centimetres, the digits after the first one dropped.
    private static func octet(_ length: UInt64) -> UInt8 {
        var digit = length
        var exponent: UInt8 = 0
        while digit >= 10 {
            digit /= 10
            exponent += 1
        }
        return UInt8(digit) << 4 | exponent
    }
}

extension Location: CustomStringConvertible {
    var description: String {
        let lengths = [size, horizontalPrecision, verticalPrecision]
            .map { Self.decimal($0, places: 2) + "m" }
        return Self.angle(latitude, latitude < 0 ? "S" : "N") + " "
            + Self.angle(longitude, longitude < 0 ? "W" : "E") + " " + (altitude < 0 ? "-" : "")
            + Self.decimal(UInt64(altitude.magnitude), places: 2) + "m "
            + lengths.joined(separator: " ")
    }

    private static func angle(_ angle: Int64, _ direction: String) -> String {
        let minutes = angle.magnitude / 60_000
        let seconds = decimal(UInt64(angle.magnitude % 60_000), places: 3)
        return "\(minutes / 60) \(minutes % 60) \(seconds) \(direction)"
    }

    private static func decimal(_ value: UInt64, places: Int) -> String {
        var digits = String(value)
        digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return digits.dropLast(places) + "." + digits.suffix(places)
    }
}
