//! The words of the rules. Compared in the form of `normal`, so that case, width, traditional forms and digits do not matter here.
//! Each list is one text, its words parted by spaces.

/// Money that is kept until one leaves: illegal whatever it is called.
pub(super) const DEPOSIT: &str = "押金 保证金 抵押金 诚意金 风险金 履约金 压身份证 押身份证 扣身份证 扣押证件 扣押身份证 押证件 抵押身份证";
/// The same, if it is asked for: these have honest meanings too.
pub(super) const DEPOSIT_IF_DEMANDED: &str = "定金 订金 保正金";

/// What a worker is made to pay for, if it is asked for.
pub(super) const FEE: &str = "\
    中介费 报名费 服装费 工服费 工衣费 体检费 培训费 办证费 办卡费 资料费 建档费 手续费 介绍费 服务费 入职费 材料费 岗位费 \
    管理费 会员费 占位费 名额费 考证费 住宿费 车费 保险费 面试费 推荐费 劳务费 安置费 代办费 工本费";
pub(super) const DEMAND: &str = "交 缴 付 收 转账 转我 打款 垫 自费 扣 押";
pub(super) const DEMAND_AFTER: &str = "自理 自费 自付 自己出 自己付 自行承担 先交 自掏";
pub(super) const PAY_FIRST: &str = "先交 先付 先转 先打 先缴 需缴 需交 需付 要交 要缴 预交 预缴 预付 交钱 缴纳 垫付 转账";
/// Who else pays.
pub(super) const RELIEF: &str = "\
    报销 公司出 公司承担 公司负责 公司付 公司交 公司缴 公司垫付 企业承担 厂里出 厂里报 厂里承担 厂里付 工厂承担 全包 免费 \
    补贴 补助 我们出 我们承担 我们付 由公司 由厂 单位承担 单位付 政府 奖";

/// Debts and moving other people's money.
pub(super) const LOAN: &str = "\
    培训贷 美容贷 校园贷 裸贷 网贷 套路贷 入职贷 整容贷 学费分期 分期付学费 分期交学费 先学后付 贷款培训 贷款上班 贷款学 \
    贷款交 贷款付 办贷款 办理贷款 办个贷款 申请贷款 做贷款 刷单 跑分 刷流水 走流水 垫资 垫付资金 垫付货款 做任务返 \
    出租银行卡 租银行卡 收银行卡 收购银行卡 借银行卡 银行卡出租 出借银行卡 卖银行卡 办理花呗 开通花呗 开通借呗 刷信用卡";

/// Where people are led to.
pub(super) const CHANNEL: &str = "\
    微信 薇信 威信 徽信 微心 v信 维信 微x 薇x 威x wx vx vvx wechat weixin 绿泡泡 qq 扣扣 秋秋 球球 企鹅号 群 微信群 telegram \
    纸飞机 电报 whatsapp 蝙蝠聊天 好友 飞信 line号";
pub(super) const LEAD: &str = "\
    加 加我 加下 加一下 加个 加你 加您 加我的 加我们 加hr 加人事 加老师 加主管 加经理 加助理 加客服 加店长 添加 添加我 搜 \
    搜索 留 留个 留下 留下你的 换 换个 互换 互加 联系我 联系 私 私加 扫 给我 发我 进 入 拉你进 拉您进 进这个 进我们 互推 \
    加入 加到 关注";
/// "Add my v": whole by themselves.
pub(super) const LEAD_WHOLE: &str = "\
    加v 加我v 加薇 加我薇 加威 加徽 加微 加我微 加裙 进裙 入裙 加峮 进峮 加君羊 家薇信 嘉微信 佳微信 私聊我 私我 微我 v我 \
    薇我 滴滴我微信 微信同号 微信号是 手机号就是微信 电话同微信 同微信 微信私聊 微信联系 微信详聊 微信详谈 微信聊 vx联系 \
    wx联系 群号 tg群 加tg 主页有联系方式 看我主页 看主页 看头像";
/// What makes an honest word of "add ...".
pub(super) const NOT_AFTER: &str = "参 增 附 更 叠 外 倍 强 施";
pub(super) const NOT_BEFORE: &str = "支付 红包 发工资 付 转账 收款 零钱 信 波 型 量 小程序 弱 众 海 力";
/// Names that nobody uses without a reason: with a word behind them they are an address.
pub(super) const CHANNEL_NAME: &str =
    "微信 薇信 威信 徽信 微信号 v信 wx vx v 薇 wechat weixin qq qq号 qq群 扣扣 群号 tg telegram whatsapp 微 威 维信";
pub(super) const LINK: &str = "http https www";

pub(super) const SCAN: &str = "扫码 扫我 扫一扫 扫下方 扫描 扫图 扫这个 识别二维码 长按识别 扫二维码 二维码 保存图片 微信扫";
pub(super) const SCAN_FOR: &str = "\
    加我 加好友 加微 加薇 加群 加老师 加hr 加客服 进群 入群 拉群 微信 好友 领红包 领钱 领福利 领奖 付款 付费 付钱 缴费 交费 \
    转账 缴纳 交钱 支付 联系我 咨询我 下载app 私聊";

/// What must not be sent through a chat.
pub(super) const PAPERS: &str = "\
    身份证号 身份证照 身份证正反 身份证图 身份证发 银行卡号 银行卡照 银行卡密码 卡号密码 支付密码 验证码 手持身份证 身份证拍 \
    银行卡和密码 银行卡发 银行卡拍";
pub(super) const HAND_OVER: &str = "发 拍 提供 上传 传给 给我 报给 告诉我 报一下 拍照 填到 私信 报上 说一下";

/// The sounds listened for. Those of two characters count only if something is demanded near them, because names sound the same.
pub(super) const SOUNDS_DEPOSIT: &str = "押金 保证金 抵押金";
pub(super) const SOUNDS_LOAN: &str = "培训贷 校园贷 刷单";
pub(super) const SOUNDS_FEE: &str = "中介费 服装费 报名费 体检费 培训费";
pub(super) const SOUNDS_CONTACT: &str = "加微信 加我微信 加我的微信 加微信群 进微信群 加我们微信 微信号 加好友 加群 进群 加扣扣";

/// Denials, longest first where one begins another.
pub(super) const DENIAL: &str = "\
    不需要交 不需要缴 不需要付 不用交 不用缴 不用付 不要交 不需交 不必交 无需交 无须交 无需缴 不收 不用 不需 不要 不交 不缴 \
    不付 不必 不会 不押 不扣 不存在 不得 不允许 不准 不可 不许 不能 不办 不做 不加 不进 不扫 不发 不提供 没 無 无 免 未收 \
    从不 绝不 拒绝 拒收 严禁 禁止 请勿 切勿 勿 别交 别信 别给 别加 别扫 别转 别进 别发 杜绝 退还了 谢绝 抵制";
/// After a denial these begin a demand of something else.
pub(super) const BUT: &str = "只 但 仅 另 还要 还得 要交 需交 得交 要付 要收 而是 需要交";
/// Denials that follow the word.
pub(super) const DENIED_AFTER: &str = "不收 全免 免 没有 不用 不需 不要 取消 不存在 都不 一律不";
/// "Without a deposit no work" demands one.
pub(super) const OR_ELSE: &str = "不能入 不能上 不能进 不让 不可以入 不安排 就不 无法 没法 别想 不给安排 不录 不予 后果";
pub(super) const WARNING: &str = "\
    骗 诈 谨防 警惕 小心 当心 举报 防止 违法 违规 请勿 切勿 不要相信 别信 投诉 曝光 上当 套路 犯法 非法 防范 骗局 严禁 禁止 \
    不得 打击";
/// "We are no swindlers" is no warning.
pub(super) const NO_WARNING: &str =
    "不骗 不是骗 不会骗 没骗 绝不骗 非骗 不欺骗 不是诈 无套路 没套路 不套路 不违法 不违规 合法 没有套路 不用担心";
pub(super) const ASKING: &str = "\
    吗 么 嘛 收不收 要不要 有没有 会不会 是不是 用不用 需不需要 能不能 可不可以 交不交 扣不扣 退不退 给不给 为什么 为啥 多少 \
    怎么 是否 请问 什么时候 啥时候 哪 有押金没 咋 呢 谁 几";
pub(super) const ASKING_NOT: &str = "怎么说 无论多少 不管多少 谁都 哪里都 多少都 几乎 几个 几分钟 几天 么么 什么都 这么 那么 要么 没什么";
/// Words for wages that are called by the same name.
pub(super) const HONEST: &str = "工资保证金 保证金监管 押金退还指南 押金条例 公积金贷款";
