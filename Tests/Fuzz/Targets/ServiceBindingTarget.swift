import DNS
import Nameserver

/// Reads arbitrary octets as the RDATA of a service binding, prints it, reads that, and lets every
/// policy change it.
func fuzzServiceBinding(_ input: [UInt8]) throws(Finding) {
    let binding = try? ServiceBinding(rdata: input.span)
    if let binding {
        try require(binding.rdata == input, "\(binding) is written as other octets")
        let text = binding.description
        try require(
            RData.describe(input.span, type: .https) == text, "two presentation forms of \(text)")
        let octets = try? RData.parse(text, type: .https)
        // An alias comes with parameters that mean nothing, but is not written with them.
        let isWritable = !binding.isAlias || binding.parameters.isEmpty
        try require(
            octets == (isWritable ? input : nil),
            "\(text) is \(octets.map { "read as \(hexadecimal($0))" } ?? "refused")")
    }
    for policy in HTTPSRecordPolicy.allCases {
        for isDNSServer in [false, true] {
            let outcome = policy.outcome(rdata: input.span, isDNSServer: isDNSServer)
            try check(outcome, of: policy, binding)
        }
    }
}

private func check(
    _ outcome: HTTPSRecordPolicy.Outcome, of policy: HTTPSRecordPolicy, _ binding: ServiceBinding?
) throws(Finding) {
    let left: ServiceBinding
    switch outcome {
    case .remove(let malformed):
        return try require(
            malformed == (binding == nil), "\(policy) misjudges whether the data is malformed")
    case .keep:
        guard let binding else { throw Finding("\(policy) keeps malformed data") }
        left = binding
    case .replace(let rdata):
        guard let rewritten = try? ServiceBinding(rdata: rdata.span) else {
            throw Finding("\(policy) writes malformed data: \(hexadecimal(rdata))")
        }
        try require(rewritten != binding, "\(policy) replaces data by the same")
        try require(rewritten.priority == binding?.priority, "\(policy) changes the priority")
        try require(rewritten.target == binding?.target, "\(policy) changes the target")
        left = rewritten
    }
    try require(policy == .pass || !left.advertisesHTTP3, "\(policy) leaves HTTP/3 in \(left)")
    try require(policy != .remove, "\(policy) leaves \(left)")
    try require(
        policy != .rewriteH3AndECH || left.isAlias || left[.ech] == nil,
        "\(policy) leaves ECH in \(left)")
}
