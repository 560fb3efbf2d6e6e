import DNS

/// Arbitrary octets as a query, over both transports. The first octet chooses the client, the second and
/// third how the upstream answers. What is asked once is asked again from the cache.
func fuzzQuery(_ input: [UInt8]) throws(Finding) {
    var choices = Choices(input)
    let client = choices.pick(FuzzZones.clients)
    let kinds = [choices.octet(), choices.octet()]
    let message = Array(choices.rest)
    let site = FuzzSite(FuzzZones.snapshot)
    var asked = 0
    func upstream(_ query: [UInt8], _ transport: ClientTransport) -> [UInt8]? {
        defer { asked += 1 }
        return CannedUpstream.answer(query, kinds[asked & 1], transport)
    }
    try site.ask(message, from: client, over: .udp, upstream: upstream)
    try site.ask(message, from: client, over: .tcp, upstream: upstream)
    site.advance(seconds: 3)
    for other in FuzzZones.clients {
        try site.ask(message, from: other, over: .udp, upstream: upstream)
    }
    try site.giveUp(message, from: client, over: .udp)
}
