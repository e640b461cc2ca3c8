import Foundation
import ModelZoo
import TestSupport
import Testing

@Suite(.needs(Zoo.built))
struct PredictTests {
  private func withModel(_ body: (_ folder: String, _ model: String) throws -> Void) throws {
    try withFolder { folder in
      try colourModel().write(to: folder + "/colours.zoo", format: .package)
      try FileManager.default.createDirectory(atPath: folder + "/photos", withIntermediateDirectories: true)
      try writePicture(255, 0, 0, to: folder + "/photos/a.png")
      try writePicture(0, 0, 255, to: folder + "/photos/b.png")
      try write("not a picture", to: folder + "/photos/notes.txt")
      try FileManager.default.createDirectory(atPath: folder + "/photos/more.jpg", withIntermediateDirectories: true)
      try body(folder, folder + "/colours.zoo")
    }
  }

  @Test func namesPicturesForPeople() throws {
    try withModel { folder, model in
      let outcome = try Zoo.run("predict", model, folder + "/photos/a.png")
      #expect(outcome.status == 0 && outcome.errors.isEmpty)
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(lines.count == 4)
      #expect(lines.first == folder + "/photos/a.png")
      #expect(lines.dropFirst().first?.hasSuffix(" %  red") == true, "\(outcome.output)")
      let brief = try Zoo.run("predict", model, folder + "/photos", "--top", "1")
      #expect(
        brief.output == "\(folder)/photos/a.png: red 57.61 %\n\(folder)/photos/b.png: blue 57.61 %\n", "\(brief.output)"
      )
    }
  }

  @Test func namesPicturesForPrograms() throws {
    try withModel { folder, model in
      let outcome = try Zoo.run("predict", model, folder + "/photos", "--json", "--top", "2")
      #expect(outcome.status == 0 && outcome.errors.isEmpty)
      let report = try outcome.json()
      #expect(report["model"] as? String == "colours")
      let predictions = try #require(report["predictions"] as? [[String: Any]])
      #expect(predictions.map { $0["input"] as? String } == [folder + "/photos/a.png", folder + "/photos/b.png"])
      let classes = try #require(predictions[0]["classes"] as? [[String: Any]])
      #expect(classes.count == 2)
      #expect(classes[0]["label"] as? String == "red" && classes[0]["index"] as? Int == 0)
      #expect(abs((classes[0]["probability"] as? Double ?? 0) - 0.5761) < 1e-3)
    }
  }

  @Test func findsModelsByName() throws {
    try withModel { folder, _ in
      let outcome = try Zoo.run(
        ["predict", "colours", folder + "/photos/b.png", "--top", "1"], environment: ["ZOO_PATH": folder])
      #expect(outcome.output.contains(": blue"))
      let list = try Zoo.run(["list", "--json"], environment: ["ZOO_PATH": folder])
      let models = try #require(try list.json()["models"] as? [[String: Any]])
      #expect(
        models.contains { $0["name"] as? String == "colours" && $0["path"] as? String == folder + "/colours.zoo" })
    }
  }

  @Test func goesOnAfterABadFile() throws {
    try withModel { folder, model in
      try write("I am no picture", to: folder + "/text.jpg")
      let inputs = [folder + "/text.jpg", folder + "/photos/a.png", folder + "/missing.jpg", folder + "/photos/b.png"]
      let outcome = try Zoo.run(["predict", model] + inputs + ["--json"])
      #expect(outcome.status == 65)
      let errors = outcome.errors.split(separator: "\n")
      #expect(errors.count == 2)
      #expect(errors[0].contains("text.jpg is not a JPEG, PNG, WebP, GIF, BMP or TIFF image"), "\(outcome.errors)")
      let predictions = try #require(try outcome.json()["predictions"] as? [[String: Any]])
      #expect(predictions.map { $0["input"] as? String } == inputs)
      #expect(predictions.map { $0["error"] != nil } == [true, false, true, false])
      #expect(try Zoo.run("predict", model, folder + "/missing.jpg", folder + "/text.jpg").status == 66)
    }
  }

  @Test func readsStandardInput() throws {
    try withModel { folder, model in
      let outcome = try Zoo.run(
        ["predict", model, "-", "--top", "1"], input: FileHandle(forReadingAtPath: folder + "/photos/b.png"))
      #expect(outcome.status == 0 && outcome.output.hasPrefix("-: blue"), "\(outcome.output)\(outcome.errors)")
    }
  }

  @Test func refusesAFolderWithoutPictures() throws {
    try withModel { folder, model in
      try FileManager.default.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: true)
      let outcome = try Zoo.run("predict", model, folder + "/empty", "--json")
      #expect(outcome.status == 66)
      let predictions = try #require(try outcome.json()["predictions"] as? [[String: Any]])
      #expect(predictions.count == 1 && predictions[0]["input"] as? String == folder + "/empty")
      #expect(predictions[0]["error"] is [String: Any])
    }
  }
}
