import ModelZoo
import Testing
import ZooPluginHost

/// The operators that a program has whose package depends on the product `ModelZoo`, as this one does.
@Suite struct PluginsTests {
  @Test func theProjectsOwnAreLinkedIn() throws {
    let registry = try Plugins.linked.registry()
    let names = registry.plugins.map(\.name)
    #expect(names == ["Standard", "Conv", "Attention", "Vision", "SVM", "ML", "Picture"])
    #expect(registry.hidden.isEmpty && registry.refused.isEmpty)
  }

  /// Others than those of `ZOO_PLUGIN_PATH` are not looked for beside a program that has its own.
  @Test func nothingIsLoadedBesideThem() throws {
    let registry = try Plugins.standard.registry()
    #expect(registry.plugins.suffix(7).allSatisfy { $0.origin == "linked into the program" })
  }
}
