import CZooPlugin
import PicturePlugin
import ZooPlugin

/// What the host finds when it loads the library.
@_cdecl("zoo_plugin_entry")
public func entry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  picturePluginEntry(abi, host)
}
