live-bad-offer = 无法识别媒体连接请求
live-no-codec = 不支持所提供的音视频格式：画面需为 H.264 或 VP8，声音需为 Opus
live-unsupported = 本服务器不支持该媒体请求
live-busy = 该直播间已有人正在直播
live-ended-by-host = 房间主持人已结束本场直播
live-room-closed = 该直播间已关闭
live-banned = 您暂时不能进入该直播间
live-cross-site = 从其他网站访问需要使用令牌
