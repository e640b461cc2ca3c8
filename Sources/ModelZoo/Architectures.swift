@_exported import AlexNet
@_exported import EncoderDecoder
@_exported import GraphBuilder
@_exported import RCNN
@_exported import ResNet

/// Every family of networks that the zoo can build from a user's weights.
public let architectures: [any Architecture.Type] = [AlexNet.self, EncoderDecoder.self, RCNN.self, ResNet.self]
