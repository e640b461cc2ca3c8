import CZooPlugin
import ZooPlugin

private let plugin = Plugin(name: "softsign", version: "1.0.0") { _ in [Softsign()] }

@_cdecl("zoo_plugin_entry")
public func entry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  plugin.export(abi, host)
}
