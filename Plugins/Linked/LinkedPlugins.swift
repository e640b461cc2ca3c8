import AttentionPlugin
import CZooPlugin
import ConvPlugin
import MLPlugin
import PicturePlugin
import SVMPlugin
import StandardPlugin
import VisionPlugin

private typealias Entry = @convention(c) (UInt32, UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>?

private let entries: [Entry] = [
  { standardPluginEntry($0, $1) }, { convPluginEntry($0, $1) }, { attentionPluginEntry($0, $1) },
  { visionPluginEntry($0, $1) }, { svmPluginEntry($0, $1) }, { mlPluginEntry($0, $1) },
  { picturePluginEntry($0, $1) },
]

/// Makes the project's own plugins part of every program that this target is linked into (Sources/CZooSystem/include/linked_plugins.h):
/// the entry point of the one at `index`, or `nil` behind the last.
@_cdecl("zoo_linked_plugin_entry")
public func linkedPluginEntry(_ index: Int) -> UnsafeRawPointer? {
  entries.indices.contains(index) ? unsafeBitCast(entries[index], to: UnsafeRawPointer.self) : nil
}
