import DNS

extension String {
    /// The text as the report shows it: without what a terminal would obey, and without secrets.
    var forReport: String { escapingUnprintable.hidingSecrets }

    /// The text with what URLs in it have of user names, passwords and queries replaced by `…`: the
    /// report is shown to others.
    var hidingSecrets: String {
        guard contains("://") else { return self }
        return replacing(#/://[^\s"]*@/#, with: "://…@")
            .replacing(#/(://[^\s"?]*\?)(?!…)[^\s"]+/#) { "\($0.output.1)…" }
    }
}
