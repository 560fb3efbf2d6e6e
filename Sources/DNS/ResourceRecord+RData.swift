extension ResourceRecord {
    /// The RDATA with every name in full. Throws when a name in it is malformed.
    public func expandedRData(in message: Span<UInt8>) throws(MessageError) -> [UInt8] {
        guard let layout = RDataLayout.of(type) else { return message.array(rdata) }
        var reader = MessageReader(
            message.extracting(0..<rdata.upperBound), at: rdata.lowerBound)
        try reader.skipToNames(of: layout)
        var octets = message.array(rdata.lowerBound..<reader.offset)
        for _ in 0..<layout.names { octets += try reader.readName().octets }
        return octets + message.array(reader.offset..<rdata.upperBound)
    }
}
