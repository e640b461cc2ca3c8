import CZooPlugin
import PluginSupport
import ZooPlugin

/// Convolution and pooling, and the ways back.
public let convPlugin = Plugin(name: "Conv", version: "1.0") { host in
  var operators: [any Operator] = []
  operators += [1, 11, 22].map { Conv(since: $0, host: host) }
  operators += [1, 11, 22].map { ConvTranspose(since: $0, host: host) }
  operators += [1, 8, 10, 11, 12, 22].map { Pool(.max, since: $0, host: host) }
  operators += [1, 7, 10, 11, 19, 22].map { Pool(.average, since: $0, host: host) }
  operators += [1, 2, 11, 18, 22].map { Pool(.lp, since: $0, host: host) }
  operators += [19, 22].map { DeformConv(since: $0, host: host) }
  operators += [9, 11, 22].map { MaxUnpool(since: $0) }
  operators += [Col2Im(), ConvInteger(host: host), QLinearConv(host: host), QuantizedConv(host: host)]
  return operators
}

/// The plugin's table for a host that links it statically.
public func convPluginEntry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  convPlugin.export(abi, host)
}
