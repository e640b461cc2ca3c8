import Foundation
import JSON
import TestSupport
import Testing
import ZooCore

@testable import ChatTemplate

/// The same texts as Jinja's, set up as `transformers` does.
@Suite struct JinjaComparisonTests {
  /// Loops, branches, filters and expressions put together at random.
  @Test(.needs(.python("jinja2"))) func randomTemplatesAreJinjas() throws {
    try compare("random", "0", "400")
  }

  /// What the templates of the families of models do, with conversations of every kind.
  @Test(.needs(.python("jinja2"))) func conversationsAreJinjas() throws { try compare("conversations") }

  /// Templates that others have published, in the folder that `ZOO_CHAT_TEMPLATES` names.
  @Test(.needs(.python("jinja2")), .enabled(if: ProcessInfo.processInfo.environment["ZOO_CHAT_TEMPLATES"] != nil))
  func publishedTemplatesAreJinjas() throws {
    try compare("folder", try #require(ProcessInfo.processInfo.environment["ZOO_CHAT_TEMPLATES"]))
  }

  private func compare(_ arguments: String...) throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "jinja_peer.py").path
    let lines = try Python.run(arguments: [script] + arguments).split(separator: "\n")
    #expect(!lines.isEmpty)
    for line in lines {
      let job = try JSON(String(line), allowsNonFinite: true)
      let source = try #require(job["template"]?.text)
      let variables = try #require(job["variables"]?.members).map { ($0.name, $0.value) }
      var output: String?
      do { output = try ChatTemplate(source).render(variables, time: job["time"]?.integer) } catch is ZooError {}
      let isSame =
        switch (output, job["output"]?.text) {
        case (let ours?, let theirs?): ours.utf8.elementsEqual(theirs.utf8)
        case (nil, nil): true
        default: false
        }
      #expect(isSame, "\(job["name"]?.text ?? ""): \(source) gives \(output ?? "an error"), not \(line)")
    }
  }
}
