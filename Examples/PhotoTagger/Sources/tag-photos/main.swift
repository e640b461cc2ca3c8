// What the pictures of a folder show, as JSON:  swift run -c release tag-photos MODEL FOLDER [COUNT]
import FoundationEssentials
import Glibc
import ModelZoo

/// What is written about a file: an object of the JSON.
struct Tags: Encodable {
  struct Label: Encodable {
    var label: String
    var probability: Float
  }

  var file: String
  var labels: [Label]?
  var error: String?
}

/// Photographs that the network gets at once, which takes less time than one after the other.
let batchSize = 16

/// What the model sees in `files`, in their order. A file that can't be read has an error of its own and spoils no batch.
func tags(of files: [String], in folder: String, by model: Model, count: Int) throws -> [Tags] {
  let images = files.map { file in
    Result { () throws(ZooError) in try Image(contentsOf: "\(folder)/\(file)") }
  }
  var answers = try model.predict(images.compactMap { try? .image($0.get()) }).makeIterator()
  return zip(files, images).map { file, image in
    switch image {
    case .failure(let error): return Tags(file: file, error: "\(error)")
    case .success:
      guard case .classes(let classes)? = answers.next() else { return Tags(file: file, error: "no answer") }
      return Tags(file: file, labels: classes.prefix(count).map { .init(label: $0.label, probability: $0.probability) })
    }
  }
}

/// Says on the standard error what was wrong, and ends the program.
func fail(_ message: String) -> Never {
  var text = "tag-photos: \(message)\n"
  _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(1)
}

let arguments = CommandLine.arguments
guard (3...4).contains(arguments.count), let count = Int(arguments.count == 4 ? arguments[3] : "3"), count > 0 else {
  fail("tag-photos MODEL FOLDER [COUNT]")
}
let folder = arguments[2]
do {
  let model = try Model(named: arguments[1])
  guard model.metadata.task == .imageClassification else { fail("\(arguments[1]) does not classify pictures") }
  let files = try FileManager.default.contentsOfDirectory(atPath: folder)
    .filter { ImageFormat.fileEndings.contains($0.split(separator: ".").last.map { $0.lowercased() } ?? "") }
    .sorted()
  var all: [Tags] = []
  for start in stride(from: 0, to: files.count, by: batchSize) {
    let batch = Array(files[start..<min(start + batchSize, files.count)])
    all += try tags(of: batch, in: folder, by: model, count: count)
  }
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  print(String(decoding: try encoder.encode(all), as: UTF8.self))
} catch {
  fail("\(error)")
}
