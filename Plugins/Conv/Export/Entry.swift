import CZooPlugin
import ConvPlugin

/// What the host calls after loading the library.
@_cdecl("zoo_plugin_entry")
public func entry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  convPluginEntry(abi, host)
}
