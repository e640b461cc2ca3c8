import CZooPlugin
import ZooPlugin

/// Pictures out of files. A plugin of its own, since what decodes them is not small.
public let picturePlugin = Plugin(name: "Picture", version: "1.0") { _ in [ImageDecoder()] }

/// The plugin's table for a host that links it statically.
public func picturePluginEntry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  picturePlugin.export(abi, host)
}
