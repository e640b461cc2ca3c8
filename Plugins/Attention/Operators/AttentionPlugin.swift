import CZooPlugin
import PluginSupport
import ZooPlugin

/// Attention, the cache that it reads when tokens come one at a time, positions, and what models with a state have in its
/// place.
public let attentionPlugin = Plugin(name: "Attention", version: "1.0") { host in
  [23, 24, 25].map { Attention(since: $0, host: host) } + [
    Attention(cachedOn: host), TensorScatter(), RotaryEmbedding(), CausalConvWithState(host: host),
    LinearAttention(host: host),
  ]
}

/// The plugin's table for a host that links it statically.
public func attentionPluginEntry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  attentionPlugin.export(abi, host)
}
