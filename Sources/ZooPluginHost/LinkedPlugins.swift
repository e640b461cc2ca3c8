import CZooPlugin
import CZooSystem

extension OperatorRegistry {
  /// Adds the plugins that are linked into this program (Plugins/Linked) and tells whether there are any.
  ///
  /// - Throws: `ZooError` (`badData`) for one that refuses this host.
  @discardableResult package func registerLinked() throws -> Bool {
    let origin = "linked into the program"
    var count = 0
    while let entry = zoo_linked_plugin(count) {
      let function = unsafeBitCast(entry, to: zoo_plugin_entry_function.self)
      try register(PluginHost.table(from: function, at: origin), origin: origin)
      count += 1
    }
    return count > 0
  }
}
