import Admin
import Configuration

extension ServiceMetrics {
    var serviceFamilies: [MetricFamily] {
        var reloaded = MetricFamily(
            .counter, "horizond_configuration_reloads_total", "Reloads by how they ended.")
        reloaded.add(status.reloads.succeeded, ["result": "success"])
        reloaded.add(status.reloads.failed, ["result": "failure"])
        var build = MetricFamily(.gauge, "horizond_build_info", "Which program this is; always 1.")
        build.add(1, ["version": Version.current])
        return [
            reloaded,
            gauge(
                "horizond_configuration_last_reload_successful",
                "Whether what is served is what the files said when they were read last.",
                status.reloads.lastWentWell ? 1 : 0),
            MetricFamily(
                .gauge, "horizond_configuration_last_reload_success_timestamp_seconds",
                "When the configuration that is served was taken.",
                value: status.reloads.lastTakenAt),
            gauge(
                "horizond_configuration_hash",
                "A hash of the contents of the files that are served; the same on nodes that agree.",
                configuration.hash.value),
            gauge("horizond_zones", "Zones that are served.", configuration.zoneCount),
            gauge("horizond_views", "Views that clients can be in.", configuration.views.count),
            gauge("horizond_workers", "Workers that answer.", report.workers.count),
            build,
        ] + memoryFamilies
    }

    /// Nothing where the kernel tells no bound.
    private var memoryFamilies: [MetricFamily] {
        guard let bound = memory.bound else { return [] }
        return [
            gauge(
                "horizond_memory_limit_bytes",
                "The bound on the process's memory that leaves it least: of its control group, of "
                    + "one above it, or the machine's.", bound.limit),
            gauge(
                "horizond_memory_used_bytes", "What is taken of that, by whomever.", bound.used),
        ]
    }
}
