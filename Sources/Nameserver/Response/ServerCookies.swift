package import DNS

/// The secrets behind server cookies (RFC 7873 §6).
package enum CookieSecrets: Equatable, Sendable {
    /// Given ones: the first makes cookies, all are accepted. Servers that share them accept each
    /// other's cookies, and a secret is replaced in steps without a cookie refused (RFC 9018 §5).
    case shared([SipHash.Key])
    /// One for each day, derived from a root that only this process knows. A cookie tells the day of
    /// its secret, so yesterday's are still good.
    case daily(root: SipHash.Key)
}

/// Makes and checks the interoperable server cookies of RFC 9018 §4: version, reserved octets, a
/// time stamp, and a keyed hash of these, the client's cookie and its address. Each processor has
/// one; it keeps the secret of the day.
struct ServerCookies {
    /// The two halves of a server cookie, as they stand on the wire.
    struct Cookie: Equatable {
        /// Version, three reserved octets, the time in seconds since 1970 modulo 2^32.
        var head: UInt64
        var hash: UInt64

        var timestamp: UInt32 { UInt32(truncatingIfNeeded: head) }
        var version: UInt8 { UInt8(truncatingIfNeeded: head >> 56) }
    }

    /// What a client's COOKIE option turned out to be.
    enum Verdict: Equatable {
        /// No length that the option may have (RFC 7873 §5.2.2).
        case malformed
        /// The client's part alone, or with a part that this server did not make, or too long ago.
        /// `isStale` tells the second.
        case unknown(client: UInt64, isStale: Bool)
        /// With a cookie that proves the client's address. `renewed` is to be sent back.
        case proven(client: UInt64, renewed: Cookie)
    }

    static let clientLength = 8
    static let length = 16

    /// RFC 9018 §4.3: how old a cookie may be and how far ahead another server's clock, and from
    /// when on a new one is made, in seconds.
    private static let maximumAge: Int32 = 3600
    private static let maximumAhead: Int32 = 300
    private static let renewalAge: Int32 = 1800

    private var secretOfDay: (day: UInt64, root: SipHash.Key, key: SipHash.Key)?

    /// Judges a COOKIE option's data. `time` is in seconds since 1970 modulo 2^32.
    mutating func verdict(
        _ option: Span<UInt8>, from client: IPAddress, _ secrets: CookieSecrets, time: UInt32
    ) -> Verdict {
        guard option.count >= Self.clientLength else { return .malformed }
        let clientCookie = option.uint64(at: 0)
        switch option.count {
        case Self.clientLength: return .unknown(client: clientCookie, isStale: false)
        case 16...40: break
        default: return .malformed
        }
        guard option.count == Self.clientLength + Self.length else {
            return .unknown(client: clientCookie, isStale: true)
        }
        let cookie = Cookie(head: option.uint64(at: 8), hash: option.uint64(at: 16))
        // Serial number arithmetic (RFC 1982): right beyond 2106.
        let age = Int32(bitPattern: time &- cookie.timestamp)
        guard cookie.version == 1, (-Self.maximumAhead...Self.maximumAge).contains(age),
            let isActive = isMade(cookie, clientCookie, client, secrets)
        else { return .unknown(client: clientCookie, isStale: true) }
        guard isActive, age <= Self.renewalAge else {
            let renewed = make(clientCookie, client, secrets, time: time)
            return .proven(client: clientCookie, renewed: renewed)
        }
        return .proven(client: clientCookie, renewed: cookie)
    }

    /// A cookie for a client at `time`.
    mutating func make(
        _ clientCookie: UInt64, _ client: IPAddress, _ secrets: CookieSecrets, time: UInt32
    ) -> Cookie {
        let head = UInt64(1) << 56 | UInt64(time)
        let key =
            switch secrets {
            case .shared(let keys): keys[0]
            case .daily(let root): secret(of: time, root)
            }
        return Cookie(head: head, hash: Self.hash(clientCookie, head, client, key))
    }

    /// Whether the active secret made the cookie; nil when none of the secrets did.
    private mutating func isMade(
        _ cookie: Cookie, _ clientCookie: UInt64, _ client: IPAddress, _ secrets: CookieSecrets
    ) -> Bool? {
        switch secrets {
        case .shared(let keys):
            for (index, key) in keys.enumerated()
            where Self.hash(clientCookie, cookie.head, client, key) == cookie.hash {
                return index == 0
            }
            return nil
        case .daily(let root):
            let key = secret(of: cookie.timestamp, root)
            return Self.hash(clientCookie, cookie.head, client, key) == cookie.hash ? true : nil
        }
    }

    private mutating func secret(of time: UInt32, _ root: SipHash.Key) -> SipHash.Key {
        let day = UInt64(time / 86_400)
        if let secretOfDay, secretOfDay.day == day, secretOfDay.root == root {
            return secretOfDay.key
        }
        let halves = (UInt64(0)...1).map { half in
            var hash = SipHash(root)
            hash.combine(day)
            hash.combine(half)
            return hash.finish(count: 16)
        }
        let key = SipHash.Key(low: halves[0], high: halves[1])
        secretOfDay = (day, root, key)
        return key
    }

    /// RFC 9018 §4.4: SipHash-2-4 over client cookie, version to time stamp, and client address.
    private static func hash(
        _ clientCookie: UInt64, _ head: UInt64, _ client: IPAddress, _ key: SipHash.Key
    ) -> UInt64 {
        var hash = SipHash(key)
        hash.combine(clientCookie.byteSwapped)
        hash.combine(head.byteSwapped)
        switch client {
        case .v4(let bits):
            return hash.finish(rest: UInt64(bits.byteSwapped), count: 20).byteSwapped
        case .v6(let high, let low):
            hash.combine(high.byteSwapped)
            hash.combine(low.byteSwapped)
            return hash.finish(count: 32).byteSwapped
        }
    }
}
