import CaffeFormat
import GGUFFormat
import HDF5Format
import KerasFormat
import NumPyFormat
import ONNXFormat
import PackageFormat
import PyTorchFormat
import SVMModelFormat
import SafetensorsFormat
import TFLiteFormat
import TensorFiles
import TransformerDecoder

// A format is wired here: a constant, and its place in the list.

extension WeightsFormat {
  /// Every format, in the order in which files are asked whether they are of it.
  package static let all: [WeightsFormat] = [
    .package, .gguf, .numpy, .numpyArray, .keras, .svm, .pytorch, .safetensors, .caffe,
  ]

  /// The project's own package, here one without a graph.
  package static let package = WeightsFormat(
    name: "zoo", title: "ModelZoo package", endings: [".zoo"], types: Set(ElementType.allCases),
    sniff: { beginning, _ in PackageFormat.sniff(Array(beginning)) },
    read: { WeightsContents(file: try PackageFormat.read($0).tensorFile) },
    write: { try PackageFormat.write(ModelDefinition($0), to: $1) },
    graphs: Graphs(format: .package) { try !PackageFormat.read($0).holdsWeightsAlone })

  /// What `torch.save` writes.
  package static let pytorch = WeightsFormat(
    name: "pytorch", title: "PyTorch checkpoint", endings: [".pth", ".pt", ".bin"],
    types: Set(ElementType.allCases.filter { PyTorchFormat.holds($0) }),
    sniff: { beginning, path in path.hasSuffix(".bin.index.json") || PyTorchFormat.sniff(beginning) },
    read: {
      let checkpoint = try PyTorchFormat.read($0)
      return WeightsContents(
        file: TensorFile(tensors: checkpoint.tensors, unread: checkpoint.unread), values: checkpoint.values,
        dictionary: checkpoint.path)
    }, write: { try PyTorchFormat.write($0, to: $1) })

  /// Hugging Face's, one file or the index of several.
  package static let safetensors = WeightsFormat(
    name: "safetensors", title: "safetensors file", endings: [".safetensors"],
    types: Set(ElementType.allCases.filter { SafetensorsFormat.holds($0) }),
    sniff: { beginning, path in
      path.hasSuffix(".safetensors.index.json") || SafetensorsFormat.sniff(beginning)
    },
    read: { WeightsContents(textsOf: try SafetensorsFormat.read($0)) },
    write: { try SafetensorsFormat.write($0, to: $1) })

  /// llama.cpp's; tensors in blocks are float32 that is dequantized when it is read.
  package static let gguf = WeightsFormat(
    name: "gguf", title: "GGUF file", endings: [".gguf"],
    types: Set(ElementType.allCases.filter { GGUFFormat.holds($0) }),
    sniff: { beginning, _ in GGUFFormat.sniff(beginning) },
    read: { WeightsContents(textsOf: try GGUFFormat.read($0)) }, write: { try GGUFFormat.write($0, to: $1) },
    graphs: Graphs(format: .gguf) { LanguageModel.isIn(try GGUFFormat.read($0, takesArrays: false)) })

  /// NumPy's archive of arrays.
  package static let numpy = WeightsFormat(
    name: "npz", title: "NumPy archive", endings: [".npz"],
    types: Set(ElementType.allCases.filter { NumPyFormat.holds($0) }),
    sniff: { beginning, _ in NumPyFormat.sniff(beginning) && !NumPyFormat.isLoneArray(beginning) },
    read: { WeightsContents(textsOf: try NumPyFormat.read($0)) }, write: { try NumPyFormat.write($0, to: $1) })

  /// NumPy's array: one tensor.
  package static let numpyArray = WeightsFormat(
    name: "npy", title: "NumPy array", endings: [".npy"], types: numpy.types,
    sniff: { beginning, _ in NumPyFormat.isLoneArray(beginning) }, read: numpy.read, write: numpy.write)

  /// Caffe's weights, whose network is in another file. They have no magic bytes, so all others are asked first.
  package static let caffe = WeightsFormat(
    name: "caffemodel", title: "Caffe model", endings: [".caffemodel"], types: [.float32, .float64],
    sniff: { beginning, path in
      !TFLiteFormat.sniff(beginning) && !ONNXFormat.sniff(path) && CaffeFormat.sniffWeights(path)
    }, read: { WeightsContents(file: try CaffeFormat.readWeights($0)) }, write: nil)

  /// HDF5, as Keras and h5py write it, or Keras' archive.
  package static let keras = WeightsFormat(
    name: "keras", title: "Keras or HDF5 file", endings: [".h5", ".hdf5"],
    types: Set(ElementType.allCases.filter { HDF5Format.holds($0) }),
    sniff: { beginning, _ in KerasFormat.sniff(beginning) },
    read: { WeightsContents(textsOf: try KerasFormat.read($0)) },
    write: { try KerasFormat.write($0, to: $1) }, graphs: Graphs(format: .keras) { try KerasFormat.holdsModel($0) })

  /// LIBLINEAR's and LIBSVM's models; those of linear machines are heads of a network.
  package static let svm = WeightsFormat(
    name: "svm", title: "LIBLINEAR or LIBSVM model", endings: [".model"], types: [.float32, .float64],
    sniff: { beginning, _ in SVMModelFormat.sniff(beginning) },
    read: { WeightsContents(textsOf: try SVMModelFormat.read($0)) }, write: { try SVMModelFormat.write($0, to: $1) },
    graphs: Graphs(format: .svm) { _ in true })
}
