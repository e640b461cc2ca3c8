// What a model answers about photographs or texts:  swift run -c release answer resnet20-cifar10 ../Images/cat.jpg
import ModelZoo

let arguments = CommandLine.arguments.dropFirst()
let model = try Model(named: arguments.first ?? "resnet20-cifar10")

for argument in arguments.dropFirst() {
  let isPhoto = [.imageClassification, .objectDetection].contains(model.metadata.task)
  switch try model.predict(isPhoto ? .image(contentsOf: argument) : .text(argument)) {
  case .classes(let classes): print("\(classes[0].label) \(Int((classes[0].probability * 100).rounded())) %")
  case .detections(let objects): print(Dictionary(grouping: objects, by: \.label).mapValues(\.count))
  case .text(let text): print(text)
  case .entities(let entities): print(entities.map { "\($0.text): \($0.label)" })
  case .score(let score): print(score)
  case .embedding(let vector): print(vector.count, "numbers")
  case .tensors(let outputs): print(outputs.keys.sorted())
  }
}
