import Foundation
import ModelZoo
import PyTorchFormat
import SafetensorsFormat
import Testing
import TestSupport

/// The shipped packages, and models of texts, through the program.
@Suite(.needs(Zoo.built))
struct TaskTests {
  private let images = Zoo.root + "/Examples/Images"
  private let pretrained = Zoo.root + "/Tests/ModelZooTests/Fixtures"

  private func predictions(_ arguments: String...) throws -> [[String: Any]] {
    let outcome = try Zoo.run(["predict"] + arguments + ["--json"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try #require(try outcome.json()["predictions"] as? [[String: Any]])
  }

  @Test(arguments: ["alexnet-cifar10", "resnet20-cifar10"]) func classifiersNameTheCat(name: String) throws {
    let found = try predictions(name, images + "/cat.jpg", "--top", "1")
    let classes = try #require(found.first?["classes"] as? [[String: Any]])
    #expect(classes.map { $0["label"] as? String } == ["cat"])
  }

  /// The picture is drawn by make_smear.py, which says where the two white cells are.
  @Test func theDetectorFindsCells() throws {
    try withFolder { folder in
      let picture = folder + "/boxes.png"
      let found = try predictions("rcnn-bccd", images + "/smear.jpg", "--draw", picture)
      let detections = try #require(found.first?["detections"] as? [[String: Any]])
      let white = detections.filter { $0["label"] as? String == "WBC" }
      #expect(white.count == 2)
      for (x, y) in [(455.0, 330.0), (130.0, 110.0)] {
        #expect(
          white.contains { detection in
            guard let box = detection["box"] as? [String: Double] else { return false }
            let centre = ((box["left"]! + box["right"]!) / 2, (box["top"]! + box["bottom"]!) / 2)
            return abs(centre.0 - x) < 15 && abs(centre.1 - y) < 15
          }, "\(white)")
      }
      #expect(detections.count { $0["label"] as? String == "RBC" } >= 12)
      let drawn = try Image(contentsOf: picture)
      let plain = try Image(contentsOf: images + "/smear.jpg")
      #expect(drawn.width == plain.width && drawn.height == plain.height && drawn.pixels != plain.pixels)
    }
  }

  @Test func theTranslatorTranslates() throws {
    let model = "transformer-en-de"
    let found = try predictions(model, "A man is playing a guitar.", "", "Two dogs are running through the snow.")
    let texts = found.map { $0["text"] as? String ?? "" }
    #expect(texts.count == 3 && texts[1].isEmpty)
    #expect(texts[0].contains("Mann") && texts[0].contains("Gitarre"), "\(texts)")
    #expect(texts[2].contains("Hunde") && texts[2].contains("Schnee"), "\(texts)")
    let streamed = try Zoo.run("predict", model, "A man is playing a guitar.", "--stream")
    #expect(streamed.output == texts[0] + "\n")
  }

  @Test func foldersOfHuggingFaceBecomePackages() throws {
    try withFolder { folder in
      for name in ["bert", "gpt2"] {
        let packed = try Zoo.run("pack", pretrained + "/" + name, "-o", "\(folder)/\(name).zoo", "--json")
        #expect(packed.status == 0, "\(packed.errors)")
      }
      let vectors = try predictions(folder + "/bert.zoo", "a dog runs", "the cat sleeps")
      #expect(vectors.map { ($0["embedding"] as? [Double])?.count } == [16, 16])
      let drawn = { try Zoo.run("predict", folder + "/gpt2.zoo", "a dog", "--temperature", "1", "--seed", $0).output }
      #expect(try drawn("1") == drawn("1"))
      #expect(try drawn("1") != drawn("2"))
    }
  }

  @Test func optionsOfOtherTasksAreRefused() throws {
    let cat = images + "/cat.jpg"
    let translator = "transformer-en-de"
    for (arguments, status) in [
      (["resnet20-cifar10", cat, "--draw", "x.png"], 64),
      (["resnet20-cifar10", cat, "--stream"], 64), (["rcnn-bccd", cat, "--beams", "2"], 64),
      ([translator, "a", "--threshold", "0.5"], 64), ([translator, "a", "--stream", "--json"], 64),
      ([translator, "a", "--beams", "0"], 64), ([translator, "--file", "/nothing/here"], 66),
      (["rcnn-bccd", "A sentence."], 66), ([translator, String(repeating: "long ", count: 5000)], 65),
    ] as [([String], Int32)] {
      let outcome = try Zoo.run(["predict"] + arguments)
      #expect(outcome.status == status, "\(arguments.map { $0.prefix(40) }): \(outcome.errors)")
      // Under --json the error is the answer, too.
      #expect(outcome.errors.hasPrefix("zoo: ") && outcome.output.isEmpty != arguments.contains("--json"))
    }
  }

  /// Weights keep their bits and their order on the way from one format to the other.
  @Test func weightsBecomeSafetensors() throws {
    try withFolder { folder in
      let output = folder + "/weights.safetensors"
      let checkpoint = pretrained + "/transformer/model.pth"
      #expect(try Zoo.run("convert", checkpoint, output).status == 0)
      let (before, after) = (try PyTorchFormat.read(checkpoint).tensors, try SafetensorsFormat.read(output).tensors)
      #expect(before.map(\.name) == after.map(\.name))
      for (left, right) in zip(before, after) {
        #expect(try left.tensor.load().elements(Float.self) == right.tensor.load().elements(Float.self), "\(left.name)")
      }
      #expect(try Zoo.run("inspect", output, "--json").json()["format"] as? String == "safetensors")
      #expect(try Zoo.run("convert", checkpoint, output, "--weights", "bf16").status == 64)
    }
  }
}
